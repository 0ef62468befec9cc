import { within } from "./waiting.ts";

/** An HTTP answer, as far as it came. */
export interface Answer {
  /** 0 where the connection ended without one. */
  status: number;
  head: string;
  body: string;
}

const HOST = "Host: localhost";

/** Sends one request over a connection of its own and reads to the end. */
export async function httpRequest(
  port: number,
  requestLine: string,
  lines: readonly string[] = [HOST],
): Promise<Answer> {
  const request = [requestLine, ...lines, "Connection: close"].join("\r\n") + "\r\n\r\n";
  return await exchange(port, new TextEncoder().encode(request));
}

/** Sends bytes over a connection of their own and reads to the end. */
export async function exchange(
  port: number,
  request: Uint8Array,
  { endsItsSide = false } = {},
): Promise<Answer> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    return parse(await within(15_000, transfer(conn, request, endsItsSide), "an answer"));
  } finally {
    conn.close();
  }
}

async function transfer(
  conn: Deno.Conn,
  request: Uint8Array,
  endsItsSide: boolean,
): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(64 * 1024);
  let text = "";
  try {
    for (let rest = request; rest.length > 0;) rest = rest.subarray(await conn.write(rest));
    if (endsItsSide) await conn.closeWrite();
    for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
      text += decoder.decode(buffer.subarray(0, n), { stream: true });
    }
  } catch (error) {
    if (!isReset(error)) throw error;
  }
  return text;
}

function isReset(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
}

function parse(text: string): Answer {
  const end = text.indexOf("\r\n\r\n");
  const head = end < 0 ? text : text.slice(0, end);
  const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(head)?.[1] ?? 0);
  return { status, head, body: end < 0 ? "" : unchunked(head, text.slice(end + 4)) };
}

function unchunked(head: string, body: string): string {
  if (!/^transfer-encoding: chunked/im.test(head)) return body;
  let text = "";
  for (let rest = body; rest !== "";) {
    const lineEnd = rest.indexOf("\r\n");
    const length = parseInt(rest.slice(0, lineEnd), 16);
    if (!(length > 0)) break;
    text += rest.slice(lineEnd + 2, lineEnd + 2 + length);
    rest = rest.slice(lineEnd + 2 + length + 2);
  }
  return text;
}
