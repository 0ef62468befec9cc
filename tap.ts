/**
 * The tap command: stands before any WebSocket server and prints every frame, explains bytes, and
 * checks handshakes.
 *
 * ```sh
 * deno run -A tap.ts --listen 9000 --target ws://localhost:8000/ws
 * deno run -A tap.ts explain '81 85 37 fa 21 3d 7f 9f 4d 51 58'
 * deno run -A tap.ts handshake heads.txt
 * ```
 *
 * @example In a program
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { main } from "@roomscope/roomscope/tap/cli";
 *
 * assertEquals(await main(["--version"]), 0);
 * ```
 *
 * @module
 */
import { FlagError } from "./cli/flags.ts";
import { convertCommand, readCommand } from "./cli/tap/file_commands.ts";
import { explainCommand } from "./cli/tap/explain_command.ts";
import { CommandFailure } from "./cli/tap/failure.ts";
import { handshakeCommand } from "./cli/tap/handshake_command.ts";
import { relayCommand } from "./cli/tap/relay_command.ts";
import { replayCommand } from "./cli/tap/replay_command.ts";
import { processTerminal, type Terminal } from "./cli/tap/terminal.ts";

export type { Terminal } from "./cli/tap/terminal.ts";
export type { Paint, Tone } from "./cli/tap/style.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

type Command = (args: string[], terminal: Terminal) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  explain: explainCommand,
  handshake: handshakeCommand,
  read: readCommand,
  convert: convertCommand,
  replay: replayCommand,
};

/**
 * Runs the command line.
 *
 * @param args The arguments: a command's name and what belongs to it; without a name it relays.
 * @param terminal Where it reads and prints; the process's own by default.
 * @returns The exit code: 0, 1 where something is wrong or in the way, 2 for a wrong flag.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { main } from "@roomscope/roomscope/tap/cli";
 *
 * assertEquals(await main(["explain", "81 02 48 69"]), 0);
 * ```
 */
export async function main(
  args: string[],
  terminal: Terminal = processTerminal(),
): Promise<number> {
  const [name = ""] = args;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : null;
  try {
    return await (command ? command(args.slice(1), terminal) : relayCommand(args, terminal));
  } catch (error) {
    if (error instanceof FlagError) {
      terminal.say(`${error.message}\nRun with --help for what there is.`);
      return EXIT_USAGE;
    }
    if (!(error instanceof CommandFailure)) throw error;
    terminal.say(error.message);
    return EXIT_FAILED;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
