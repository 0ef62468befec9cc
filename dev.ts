/**
 * Fresh's builder: `dev.ts build` writes `_fresh/`, and without an argument the dashboard is served
 * for development on `PORT` (8000). Run with `--watch`, each change restarts the process, and open
 * pages reload when it is back.
 *
 * @module
 */
import { Builder } from "fresh/dev";

const builder = new Builder({ root: import.meta.dirname });

/** Builds have names of their own, so old ones would pile up. */
async function build() {
  await Deno.remove(builder.config.outDir, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await builder.build();
}

async function serve() {
  await builder.listen(() => import("./main.ts"), { port: Number(Deno.env.get("PORT") ?? 8000) });
}

if (Deno.args[0] === "build") await build();
else if (Deno.args.length === 0) await serve();
else {
  console.error(`Cannot start: dev.ts takes "build" or nothing, not "${Deno.args.join(" ")}"`);
  Deno.exit(2);
}
