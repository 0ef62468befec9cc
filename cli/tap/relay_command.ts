import { helpText, readFlags } from "../flags.ts";
import type { CaptureEvent } from "../../protocol/mod.ts";
import { VERSION } from "../../protocol/mod.ts";
import { Tap } from "../../tap/mod.ts";
import { hostText } from "./address.ts";
import { CaptureSaver } from "./capture_saver.ts";
import { findDashboard, type OpenDashboard } from "./dashboard.ts";
import { EventLines } from "./event_lines.ts";
import { CommandFailure, reasonOf } from "./failure.ts";
import { FILTER_HELP } from "./filter.ts";
import { RELAY_FLAGS, type RelayOptions, relayOptions } from "./relay_flags.ts";
import { stopSignal } from "./stop_signal.ts";
import type { Terminal } from "./terminal.ts";
import { JournalViewer } from "./viewer.ts";

/** Open connections have so long to end when the command is stopped. */
const GRACE_MS = 500;

const USAGE = `Usage: tap --target ws://localhost:8000/ws [flags]
       tap explain <hex|base64|file|->       explains frames field by field
       tap handshake <file|->                checks the heads of an opening handshake
       tap read <capture>                    prints a capture file
       tap convert <capture> <file>          writes it as .jsonl, .har or .pcap
       tap replay <capture> --target URL     sends the client's side again and compares
       tap <command> --help                  tells more

Stands before a WebSocket server, passes every byte unchanged, and prints one line a frame: time,
connection, direction, opcode, flags, length, content, findings. Connect to the address that it
prints in place of the server's.

${helpText(RELAY_FLAGS)}

${FILTER_HELP}

A fault is made of terms too; it begins behind the handshake, and frames that were hit say so:
  dir=in conn=2 opcode=text                        which frames
  after=10|10kB|5s every=3 chance=10% times=1      from when on, how many of them
  latency=100ms±20ms bandwidth=10k slice=7         delay, bytes a second, bytes a write
  stall=5s                                         nothing goes on for a while
  cut=fin cut=rst cut=half                         the link ends, half: in the frame's middle
  corrupt=header corrupt=payload drop dup hold=2s  what happens to a frame
Deno can't set SO_LINGER: cut=rst closes a link that isn't read, so that the kernel resets it where
the peer has sent something; otherwise it ends like cut=fin.

--dashboard opens connections, frames and captures as pages in a browser, on this machine only.

Examples:
  tap --listen 9000 --target ws://localhost:8000/ws
  tap --target ws://localhost:8000/ws --save today.jsonl --quiet
  tap --target ws://localhost:8000/ws --fault 'dir=out latency=200ms±50ms' --fault 'opcode=ping drop'
  tap --target ws://localhost:8000/ws --dashboard --quiet
  tap --target wss://example.com/feed --rewrite-host --filter 'data len>1000 or finding' --json

The request's Host stays as the client wrote it: a server that asks for its own name may refuse it.
--rewrite-host puts the target's name in its place; without --guard nothing else is ever changed. What
is shown and saved is the head as the client sent it.
Deno always checks a certificate's chain; to leave that out run deno itself with
--unsafely-ignore-certificate-errors=HOST. Printing never holds the relay up: what a terminal is too
slow for is left out and counted.`;

/** A tap that runs until it is stopped. */
export interface RunningRelay {
  /** Where it listens. */
  address: Deno.NetAddr;
  /** What relays. */
  tap: Tap;
  /** Prints what is left and ends it. */
  stop(): Promise<void>;
}

/** Runs the relay until a signal; resolves with the exit code. */
export async function relayCommand(args: string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(RELAY_FLAGS, args, terminal.env);
  if (flags.help || flags.version) {
    await terminal.print([flags.help ? USAGE : VERSION]);
    return 0;
  }
  const options = relayOptions(flags);
  // Before anything is said: whoever reads that it is ready may stop it.
  using stop = stopSignal();
  const open = options.dashboard === null ? null : await findDashboard();
  const relay = startRelay(options, terminal);
  try {
    await using dashboard = open && await openedFor(relay, options, { open, terminal });
    if (dashboard) terminal.say(`Dashboard: ${dashboard.url}`);
    await stop.given;
  } finally {
    await relay.stop();
  }
  return 0;
}

async function openedFor(
  relay: RunningRelay,
  options: RelayOptions,
  { open, terminal }: { open: OpenDashboard; terminal: Terminal },
) {
  const { dashboard, targetText, faults, seed } = options;
  return await open({
    port: dashboard?.port,
    tap: {
      tap: relay.tap,
      target: targetText,
      address: addressText(options, relay.address),
      ...(faults.length === 0 ? {} : { faultSeed: seed }),
    },
    files: [],
    say: terminal.say,
  });
}

/**
 * Listens, relays and prints.
 *
 * @throws {CommandFailure} If it can't listen.
 */
export function startRelay(options: RelayOptions, terminal: Terminal): RunningRelay {
  const tap = new Tap({
    target: options.target,
    guard: options.guard,
    redact: options.redact,
    rewriteHost: options.rewriteHost,
    faults: options.faults,
    seed: options.seed,
  });
  tap.observer = complaints(terminal);
  const saver = options.save ? new CaptureSaver(options.save, terminal) : null;
  const address = listening(tap, options, () => saver?.close());
  const keeper = saver &&
    new JournalViewer(tap.journal, { show: (events) => saver.write(events), rests: false });
  const printer = options.quiet ? null : printingViewer(tap, options, terminal);
  terminal.say(readyText(options, address));
  return {
    address,
    tap,
    async stop() {
      await tap.close({ graceMs: GRACE_MS });
      await Promise.all([printer?.close(), keeper?.close()]);
      saver?.close();
      const { seen } = tap.capture.stats;
      const missed = printer?.missed ? `, ${printer.missed} not printed` : "";
      const lost = keeper?.missed ? `, ${keeper.missed} not saved` : "";
      terminal.say(`${seen} frames${missed}${lost}`);
    },
  };
}

function listening(
  tap: Tap,
  { address }: RelayOptions,
  giveUp: () => void,
): Deno.NetAddr {
  try {
    return tap.listen(address);
  } catch (error) {
    giveUp();
    const where = hostText(address.hostname, address.port);
    throw new CommandFailure(`Cannot listen on ${where}: ${reasonOf(error)}`);
  }
}

function printingViewer(tap: Tap, options: RelayOptions, terminal: Terminal): JournalViewer {
  const { filter, hex, json } = options;
  const lines = new EventLines({
    paint: terminal.paint,
    ...(filter === undefined ? {} : { filter }),
    ...{ hex, json },
  });
  let open = true;
  const show = async (events: readonly CaptureEvent[]) => {
    if (!open) return;
    try {
      await terminal.print(events.flatMap((event) => lines.lines(event)));
    } catch {
      // Whoever read the output has gone; the relay goes on.
      open = false;
    }
  };
  return new JournalViewer(tap.journal, { show });
}

/** What happens before a connection has a number. */
function complaints({ say }: Terminal): Tap["observer"] {
  return {
    connectionRefused: (rule) => say(`A connection was refused: ${rule}`),
    handshakeFailed() {},
    cut() {},
    roundTrip() {},
  };
}

function readyText(options: RelayOptions, address: Deno.NetAddr): string {
  const guard = options.guard ? ", guarded" : "";
  return `Tap ready: ${addressText(options, address)} → ${options.targetText}${guard}`;
}

/** Where clients connect. */
function addressText(options: RelayOptions, { hostname, port }: Deno.NetAddr): string {
  const scheme = options.address.certificate ? "wss" : "ws";
  return `${scheme}://${hostText(hostname, port)}${options.path}`;
}
