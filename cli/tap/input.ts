import { FlagError } from "../flags.ts";
import { CommandFailure, reasonOf } from "./failure.ts";
import { readAtMost, type Terminal } from "./terminal.ts";

/** More than this isn't read from a file or standard input. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Reads a file, or standard input where its name is `-`. */
export async function readFileOrInput(name: string, terminal: Terminal): Promise<Uint8Array> {
  const bytes = name === "-" ? await terminal.readInput(MOST_BYTES) : await readFile(name);
  if (bytes.length <= MOST_BYTES) return bytes;
  throw new CommandFailure(`Cannot read ${name}: it has more than ${MOST_BYTES} bytes`);
}

async function readFile(path: string): Promise<Uint8Array> {
  try {
    const file = await Deno.open(path);
    return await readAtMost(file.readable, MOST_BYTES);
  } catch (error) {
    throw new CommandFailure(`Cannot read ${path}: ${reasonOf(error)}`);
  }
}

/** Whether a file of this name is there. */
export async function isFile(path: string): Promise<boolean> {
  const info = await Deno.stat(path).catch(() => null);
  return info?.isFile ?? false;
}

/**
 * Bytes that were written as text: hex with or without spaces, commas, colons and `0x`, or base64.
 *
 * @returns The bytes, or `null` if the text is neither.
 */
export function bytesOfText(text: string): Uint8Array | null {
  const hex = text.replace(/0x|[\s,:]/gi, "");
  if (hex !== "" && hex.length % 2 === 0 && /^[\da-f]+$/i.test(hex)) return Uint8Array.fromHex(hex);
  const base64 = text.replace(/\s/g, "");
  const alphabet = /[-_]/.test(base64) ? "base64url" : "base64";
  try {
    return base64 === "" ? null : Uint8Array.fromBase64(base64, { alphabet });
  } catch {
    return null;
  }
}

/** The bytes of an operand: a file, `-`, hex or base64; a file's content may be such text too. */
export async function bytesOfOperand(operand: string, terminal: Terminal): Promise<Uint8Array> {
  if (operand === "-" || await isFile(operand)) {
    const content = await readFileOrInput(operand, terminal);
    return (isAscii(content) && bytesOfText(new TextDecoder().decode(content))) || content;
  }
  const bytes = bytesOfText(operand);
  if (bytes) return bytes;
  const shown = JSON.stringify(operand.slice(0, 80));
  throw new FlagError(`Cannot read bytes: neither a file nor hex nor base64: ${shown}`);
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x09 || byte === 0x0a || byte === 0x0d || byte >= 0x20) &&
    bytes.every((byte) => byte < 0x7f);
}
