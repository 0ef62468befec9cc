import { assert, assertEquals } from "@std/assert";
import { startCommand } from "../command.ts";
import { chaos } from "./run.ts";

const WINDOW = 300;

Deno.test("rooms on SQLite keep every promise under chaos", async () => {
  const data = await Deno.makeTempDir();
  const seed = Number(Deno.env.get("CHAOS_SEED") ?? 1);
  const seconds = Number(Deno.env.get("CHAOS_SECONDS") ?? 60);
  const report = await chaos({
    seed,
    seconds,
    window: WINDOW,
    start: (port) =>
      startCommand([
        ...["--port", String(port), "--history", "sqlite", "--data", data],
        ...["--history-messages", String(WINDOW), "--rate-limit", "0"],
      ]),
  });
  await Deno.remove(data, { recursive: true });
  assertEquals(report.broken, [], `seed ${seed}: ${JSON.stringify(report)}`);
  console.log(JSON.stringify(report));
  assert(report.kills > 0 && report.pauses > 0 && report.links > 40, "there was no chaos");
  assert(report.acked > 1_000 && report.recovered > 20, "nothing was seen");
});
