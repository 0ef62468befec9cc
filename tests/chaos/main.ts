/**
 * Runs the start command under chaos and prints what was broken: `deno run -A tests/chaos/main.ts
 * [seed] [seconds]`. Outside the gate: as long as the server keeps no history, members that come back
 * aren't recovered and publishes end as `outcome_unknown`, and that is what it prints.
 *
 * @module
 */
import { startCommand } from "../command.ts";
import { chaos } from "./run.ts";

const [seed = "1", seconds = "60"] = Deno.args;
const report = await chaos({
  seed: Number(seed),
  seconds: Number(seconds),
  window: 300,
  start: (port) => startCommand(["--port", String(port), "--rate-limit", "0"]),
});
console.log(JSON.stringify(report, null, 2));
Deno.exit(report.broken.length === 0 ? 0 : 1);
