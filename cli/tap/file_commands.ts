import type { CaptureEvent } from "../../protocol/mod.ts";
import { CaptureFileError, readCapture } from "../../tap/mod.ts";
import { FlagError, type FlagSpec, helpText, readArguments } from "../flags.ts";
import { CaptureSaver } from "./capture_saver.ts";
import { EventLines } from "./event_lines.ts";
import { DASHBOARD_FLAGS, dashboardOf, findDashboard } from "./dashboard.ts";
import { CommandFailure, reasonOf } from "./failure.ts";
import { FILTER_HELP, parseFilter } from "./filter.ts";
import { RELAY_FLAGS, saveOptions } from "./relay_flags.ts";
import { stopSignal } from "./stop_signal.ts";
import type { Terminal } from "./terminal.ts";

/** Events that are printed or written together. */
const EVENTS_AT_ONCE = 256;

const READ_FLAGS: Readonly<Record<string, FlagSpec>> = {
  "filter": RELAY_FLAGS.filter,
  "hex": RELAY_FLAGS.hex,
  "json": RELAY_FLAGS.json,
  ...DASHBOARD_FLAGS,
  "help": RELAY_FLAGS.help,
};

const READ_USAGE = `Usage: tap read <capture> [flags]

Prints a capture file as the relay prints what it sees: JSONL of its own, HAR, pcap or pcapng; the
content tells which. Of pcap it reads Ethernet, Linux cooked, loopback and raw IP, without TLS.
With --dashboard it isn't printed but opened in the dashboard, until Ctrl-C.

${helpText(READ_FLAGS)}

${FILTER_HELP}`;

const CONVERT_FLAGS: Readonly<Record<string, FlagSpec>> = { "help": RELAY_FLAGS.help };

const CONVERT_USAGE = `Usage: tap convert <capture> <file.jsonl|file.har|file.pcap>

Reads a capture file of any kind and writes another. JSONL holds everything; pcap holds the bytes
and their times; HAR holds messages without masks and fragments, and Chromium's DevTools import it.

${helpText(CONVERT_FLAGS)}`;

/** Prints a capture file; resolves with the exit code. */
export async function readCommand(args: string[], terminal: Terminal): Promise<number> {
  const { flags, operands } = readArguments(READ_FLAGS, args, () => undefined);
  if (flags.help) return await help(READ_USAGE, terminal);
  if (operands.length !== 1) throw new FlagError("Cannot read: name one capture file");
  const dashboard = dashboardOf(flags);
  if (dashboard) return await showCapture(operands[0], dashboard.port, terminal);
  const filter = flags.filter === undefined ? {} : { filter: parseFilter(String(flags.filter)) };
  const { paint } = terminal;
  const lines = new EventLines({
    ...{ paint, ...filter, hex: flags.hex === true, json: flags.json === true },
  });
  await forEvents(
    operands[0],
    terminal,
    (events) => terminal.print(events.flatMap((event) => lines.lines(event))),
  );
  return 0;
}

/** Opens the dashboard on a capture file until a signal; resolves with the exit code. */
async function showCapture(
  path: string,
  port: number | undefined,
  { say }: Terminal,
): Promise<number> {
  using stop = stopSignal();
  const open = await findDashboard();
  using file = await openCapture(path);
  const name = path.split("/").at(-1) ?? path;
  const files = [{ name, source: chunksOf(file) }];
  await using dashboard = await open({ port, tap: null, files, say });
  say(`Dashboard: ${dashboard.url}`);
  await stop.given;
  return 0;
}

/** Converts a capture file; resolves with the exit code. */
export async function convertCommand(args: string[], terminal: Terminal): Promise<number> {
  const { flags, operands } = readArguments(CONVERT_FLAGS, args, () => undefined);
  if (flags.help) return await help(CONVERT_USAGE, terminal);
  if (operands.length !== 2) throw new FlagError("Cannot convert: name a capture and a new file");
  const [from, to] = operands;
  const saver = new CaptureSaver(saveOptions(to), terminal);
  let frames = 0;
  try {
    await forEvents(from, terminal, async (events) => {
      frames += events.filter(({ type }) => type === "frame").length;
      await saver.write(events);
    });
  } finally {
    saver.close();
  }
  if (saver.failed) return 1;
  terminal.say(`${frames} frames written to ${to}`);
  return 0;
}

async function help(text: string, terminal: Terminal): Promise<number> {
  await terminal.print([text]);
  return 0;
}

/**
 * Reads a capture file.
 *
 * @throws {CommandFailure} If it can't be read.
 */
export async function forEvents(
  path: string,
  { say }: Pick<Terminal, "say">,
  take: (events: CaptureEvent[]) => Promise<void>,
): Promise<void> {
  using file = await openCapture(path);
  let events: CaptureEvent[] = [];
  try {
    for await (const event of readCapture(chunksOf(file), { onNotice: say })) {
      events.push(event);
      if (events.length < EVENTS_AT_ONCE) continue;
      await take(events);
      events = [];
    }
  } catch (error) {
    if (!(error instanceof CaptureFileError)) throw error;
    await take(events);
    throw new CommandFailure(`${path}: ${error.message}`);
  }
  await take(events);
}

async function openCapture(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (error) {
    throw new CommandFailure(`Cannot read ${path}: ${reasonOf(error)}`);
  }
}

async function* chunksOf(file: Deno.FsFile): AsyncGenerator<Uint8Array> {
  for (;;) {
    const buffer = new Uint8Array(256 * 1024);
    const count = await file.read(buffer);
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}
