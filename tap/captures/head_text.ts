import { acceptKey } from "../../frames/mod.ts";

/** The example key of RFC 6455 §1.3, for heads that have to be made. */
const EXAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** A head's first line and fields, read without checking anything. */
export interface LooseHead {
  first: string[];
  headers: { name: string; value: string }[];
}

/** Reads what can be read of a head. */
export function looseHead(bytes: Uint8Array): LooseHead {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const [first = "", ...lines] = text.split(/\r?\n/);
  const headers = lines.filter((line) => line.includes(":")).map((line) => {
    const colon = line.indexOf(":");
    return { name: line.slice(0, colon), value: line.slice(colon + 1).trim() };
  });
  return { first: first.split(" "), headers };
}

/** The value of a head's field, or `undefined`. */
export function fieldOf({ headers }: LooseHead, name: string): string | undefined {
  return headers.find((header) => header.name.toLowerCase() === name)?.value;
}

/** A request's head, made where the real one isn't known. */
export function madeRequest(host: string, target = "/"): Uint8Array {
  return headBytes(`GET ${target} HTTP/1.1`, [
    { name: "Host", value: host },
    { name: "Upgrade", value: "websocket" },
    { name: "Connection", value: "Upgrade" },
    { name: "Sec-WebSocket-Key", value: EXAMPLE_KEY },
    { name: "Sec-WebSocket-Version", value: "13" },
  ]);
}

/** The response's head that answers a request, made where the real one isn't known. */
export function madeResponse(request: Uint8Array | null): Uint8Array {
  const key = request && fieldOf(looseHead(request), "sec-websocket-key");
  return headBytes("HTTP/1.1 101 Switching Protocols", [
    { name: "Upgrade", value: "websocket" },
    { name: "Connection", value: "Upgrade" },
    { name: "Sec-WebSocket-Accept", value: acceptKey(key ?? EXAMPLE_KEY) },
  ]);
}

/** A head's bytes; what can't stand in a head is left out. */
export function headBytes(
  first: string,
  headers: readonly { name: string; value: string }[],
): Uint8Array {
  const lines = [first, ...headers.map(({ name, value }) => `${name}: ${value}`)];
  const text = lines.map((line) => line.replace(/[\r\n]/g, "") + "\r\n").join("") + "\r\n";
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
