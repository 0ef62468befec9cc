/**
 * Builds the dashboard, or builds and runs it for development:
 *
 * - `deno run -A dev.ts build` writes `_fresh/`;
 * - `deno task dev` builds, then runs the start command with the same flags, anew at each change.
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

await build();
if (Deno.args[0] !== "build") {
  const { main } = await import("./start.ts");
  const code = await main(Deno.args);
  if (code !== null) Deno.exit(code);
}
