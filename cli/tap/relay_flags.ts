import { FlagError, type FlagSpec, type FlagValues } from "../flags.ts";
import {
  type CaptureFormat,
  captureFormatOf,
  type FaultRule,
  parseFault,
  type TapAddress,
  type TapTarget,
} from "../../tap/mod.ts";
import { parseListen, parseTarget, type TargetUrl } from "./address.ts";
import { DASHBOARD_FLAGS, dashboardOf } from "./dashboard.ts";
import { CommandFailure, reasonOf } from "./failure.ts";
import { type FrameFilter, parseFilter } from "./filter.ts";

/** The flags of the relay. */
export const RELAY_FLAGS: Readonly<Record<string, FlagSpec>> = {
  "listen": {
    kind: "string",
    value: "[ADDRESS:]PORT",
    help: "Where clients connect; port 0 for a free one",
    fallback: "127.0.0.1:9000",
  },
  "target": { kind: "string", value: "URL", help: "The server: ws:// or wss://" },
  "save": {
    kind: "string",
    value: "FILE",
    help: "Save everything to .jsonl (appended to), .har or .pcap",
  },
  "filter": { kind: "string", value: "TERMS", help: "Which frames are printed (see below)" },
  "hex": { kind: "boolean", help: "Print each frame's fields and bytes too" },
  "json": { kind: "boolean", help: "Print one JSON object a line" },
  "quiet": { kind: "boolean", help: "Print nothing" },
  "guard": { kind: "boolean", help: "Refuse what breaks RFC 6455, HTTP/1 or a limit" },
  "fault": {
    kind: "strings",
    value: "TERMS",
    help: "What is done to frames and bytes on purpose (see below); repeatable",
  },
  "seed": {
    kind: "integer",
    value: "N",
    help: "Decides what faults leave to chance",
    fallback: 1,
    range: [0, 2 ** 31 - 1],
  },
  "redact": { kind: "boolean", help: "Hide the contents of frames" },
  "cert": { kind: "string", value: "FILE", help: "Certificate to listen with (wss://), PEM" },
  "key": { kind: "string", value: "FILE", help: "Its private key, PEM" },
  "ca-file": { kind: "string", value: "FILE", help: "Certificates to trust at the target, PEM" },
  "rewrite-host": { kind: "boolean", help: "Give the server its own name as Host (see below)" },
  "any-name": { kind: "boolean", help: "Take a target's certificate for another name" },
  ...DASHBOARD_FLAGS,
  "help": { kind: "boolean", help: "Print this" },
  "version": { kind: "boolean", help: "Print the version" },
};

/** Where a capture is saved. */
export interface SaveOptions {
  /** The file. */
  path: string;
  /** Its format. */
  format: CaptureFormat;
}

/**
 * Finds a file's format by its name.
 *
 * @throws {FlagError} If its ending says nothing.
 */
export function saveOptions(path: string): SaveOptions {
  const format = captureFormatOf(path);
  if (format !== null) return { path, format };
  throw new FlagError(`Cannot save: the name must end in .jsonl, .har or .pcap: ${path}`);
}

/** What the relay does, checked. */
export interface RelayOptions {
  /** Where it listens. */
  address: TapAddress;
  /** Where it connects. */
  target: TapTarget;
  /** The target's path and query. */
  path: string;
  /** The target as it was given. */
  targetText: string;
  /** Whether it guards. */
  guard: boolean;
  /** What is done on purpose. */
  faults: FaultRule[];
  /** Decides what is left to chance. */
  seed: number;
  /** Whether contents are hidden. */
  redact: boolean;
  /** Whether the server gets its own name as Host. */
  rewriteHost: boolean;
  /** The dashboard and its port, where one is asked for. */
  dashboard: { port: number | undefined } | null;
  /** The file to save to, and its format. */
  save: SaveOptions | undefined;
  /** Which frames are printed. */
  filter: FrameFilter | undefined;
  /** Whether fields and bytes are printed. */
  hex: boolean;
  /** Whether lines are JSON. */
  json: boolean;
  /** Whether nothing is printed. */
  quiet: boolean;
}

/**
 * Turns flags into what the relay does.
 *
 * @throws {FlagError} If a flag's value can't be used, or flags don't go together.
 * @throws {CommandFailure} If a file can't be read.
 */
export function relayOptions(flags: FlagValues): RelayOptions {
  const { target, path } = targetOf(flags, "Cannot relay");
  const filter = text(flags, "filter");
  const save = text(flags, "save");
  return {
    address: { ...parseListen(String(flags.listen)), ...certificateOf(flags) },
    target,
    path,
    targetText: String(flags.target),
    guard: flags.guard === true,
    faults: faultsOf(flags),
    seed: flags.seed as number,
    redact: flags.redact === true,
    rewriteHost: flags["rewrite-host"] === true,
    dashboard: dashboardOf(flags),
    save: save === undefined ? undefined : saveOptions(save),
    filter: filter === undefined ? undefined : parseFilter(filter),
    hex: flags.hex === true,
    json: flags.json === true,
    quiet: flags.quiet === true,
  };
}

/**
 * The target that the flags name.
 *
 * @throws {FlagError} If it is missing or can't be used.
 */
export function targetOf(flags: FlagValues, action: string): TargetUrl {
  const given = text(flags, "target");
  if (given === undefined) throw new FlagError(`${action}: --target is missing`);
  const parsed = parseTarget(given);
  return { ...parsed, target: withTls(parsed.target, flags) };
}

function faultsOf(flags: FlagValues): FaultRule[] {
  const texts = (flags.fault ?? []) as string[];
  if (texts.length > 0 && flags.guard === true) {
    throw new FlagError("Cannot use --fault with --guard: it would be refused");
  }
  try {
    return texts.map(parseFault);
  } catch (error) {
    throw new FlagError(reasonOf(error));
  }
}

function certificateOf(flags: FlagValues): Pick<TapAddress, "certificate"> {
  const cert = text(flags, "cert");
  const key = text(flags, "key");
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined || key === undefined) {
    throw new FlagError("Cannot listen with TLS: --cert and --key go together");
  }
  return { certificate: { cert: fileText(cert), key: fileText(key) } };
}

function withTls(target: TapTarget, flags: FlagValues): TapTarget {
  const caFile = text(flags, "ca-file");
  const anyName = flags["any-name"] === true;
  if (target.tls) {
    const caCerts = caFile === undefined ? {} : { caCerts: [fileText(caFile)] };
    return { ...target, tls: { ...caCerts, anyName } };
  }
  if (caFile === undefined && !anyName) return target;
  throw new FlagError("Cannot use --ca-file or --any-name: the target is not wss://");
}

function fileText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new CommandFailure(`Cannot read ${path}: ${reasonOf(error)}`);
  }
}

function text(flags: FlagValues, name: string): string | undefined {
  return flags[name] as string | undefined;
}
