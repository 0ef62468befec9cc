import type { CaptureEvent } from "../../protocol/mod.ts";
import { replay, type ReplayResult } from "../../tap/mod.ts";
import { FlagError, type FlagSpec, type FlagValues, helpText, readArguments } from "../flags.ts";
import { hostText } from "./address.ts";
import { CommandFailure } from "./failure.ts";
import { forEvents } from "./file_commands.ts";
import { RELAY_FLAGS, targetOf } from "./relay_flags.ts";
import { harmless } from "./style.ts";
import type { Terminal } from "./terminal.ts";

const EXIT_DIFFERENT = 1;
/** What is kept of a capture that is replayed. */
const MOST_BYTES = 512 * 1024 * 1024;

const FLAGS: Readonly<Record<string, FlagSpec>> = {
  "target": { kind: "string", value: "URL", help: "The server: ws:// or wss://" },
  "speed": {
    kind: "string",
    value: "FACTOR",
    help: "1 as captured, 10 ten times as fast, 0 as fast as the server answers",
    fallback: "1",
  },
  "connection": { kind: "string", value: "N", help: "Only this connection [all, one by one]" },
  "header": {
    kind: "strings",
    value: "'NAME: VALUE'",
    help: "Takes the place of the capture's, for secrets that are hidden there; repeatable",
  },
  "patience-ms": {
    kind: "integer",
    value: "N",
    help: "How long to wait for an answer that the capture has",
    fallback: 2_000,
    range: [0, 2 ** 31 - 1],
  },
  "ca-file": RELAY_FLAGS["ca-file"],
  "any-name": RELAY_FLAGS["any-name"],
  "help": RELAY_FLAGS.help,
};

const USAGE = `Usage: tap replay <capture> --target ws://localhost:8000/ws [flags]

Sends the client's side of a capture again (JSONL, HAR, pcap, pcapng) and compares what comes back
with what came then. Frames are sent as they were, masks included; Host is the target's, and the path
too where the target has one. Exit code 1 where something is different.

${helpText(FLAGS)}

Tokens were overwritten when the capture was made: a server that asks for them answers differently.`;

/** Sends a capture again; resolves with the exit code. */
export async function replayCommand(args: string[], terminal: Terminal): Promise<number> {
  const { flags, operands } = readArguments(FLAGS, args, () => undefined);
  if (flags.help) {
    await terminal.print([USAGE]);
    return 0;
  }
  if (operands.length !== 1) throw new FlagError("Cannot replay: name one capture file");
  const { target, path, url } = targetOf(flags, "Cannot replay");
  const options = {
    target,
    host: url.port === "" ? url.host : hostText(target.hostname, target.port),
    ...(path === "/" ? {} : { path }),
    speed: speedOf(String(flags.speed)),
    patienceMs: flags["patience-ms"] as number,
    headers: headersOf(flags),
  };
  let different = false;
  for (const events of await connectionsOf(operands[0], flags, terminal)) {
    const result = await replay(events, options);
    different ||= result.differences.length > 0;
    await terminal.print(resultLines(result, terminal));
  }
  return different ? EXIT_DIFFERENT : 0;
}

async function connectionsOf(
  path: string,
  { connection: wanted }: FlagValues,
  terminal: Terminal,
): Promise<CaptureEvent[][]> {
  const connections = new Map<string, CaptureEvent[]>();
  let bytes = 0;
  await forEvents(path, terminal, (events) => {
    for (const event of events) {
      if (event.type === "gap" || (wanted ?? event.connection) !== event.connection) continue;
      if (event.type === "frame") bytes += event.wire.length;
      const list = connections.get(event.connection);
      if (list) list.push(event);
      else connections.set(event.connection, [event]);
    }
    if (bytes <= MOST_BYTES) return Promise.resolve();
    throw new CommandFailure(`Cannot replay: the capture has more than ${MOST_BYTES} bytes`);
  });
  if (connections.size > 0) return [...connections.values()];
  throw new CommandFailure("Cannot replay: there is no such connection in the capture");
}

function resultLines(result: ReplayResult, { paint }: Terminal): string[] {
  const { connection, sent, expected, received, differences } = result;
  const verdict = differences.length === 0
    ? paint("good", "the same came back")
    : paint("bad", `${differences.length} differences`);
  return [
    `#${
      harmless(connection)
    } ${sent} frames sent, ${received} came back of ${expected}: ${verdict}`,
    ...differences.map(({ frame, message }) =>
      `   ${frame === null ? "" : `frame ${frame}: `}${harmless(message)}`
    ),
  ];
}

function speedOf(text: string): number {
  const speed = Number(text);
  if (text !== "" && speed >= 0 && speed < Infinity) return speed;
  throw new FlagError(`Cannot use --speed: it is not a number from 0 but ${text}`);
}

function headersOf(flags: FlagValues): { name: string; value: string }[] {
  return ((flags.header ?? []) as string[]).map((text) => {
    const [, name, value] = /^([^\s:]+):\s*(.*)$/.exec(text) ?? [];
    if (name !== undefined) return { name, value };
    throw new FlagError(`Cannot use --header: it is not like 'Cookie: a=b' but ${text}`);
  });
}
