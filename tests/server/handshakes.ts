/** The headers of a handshake with nothing wrong. */
export const GOOD = {
  Host: "localhost",
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
};

/** Sends a head of its own making and reads the answer's status and headers. */
export async function answerTo(
  port: number,
  headers: Record<string, string>,
  method = "GET",
): Promise<{ status: number; head: string }> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  await conn.write(new TextEncoder().encode(`${method} /ws HTTP/1.1\r\n${lines}\r\n`));
  const buffer = new Uint8Array(4_096);
  const read = await conn.read(buffer) ?? 0;
  const head = new TextDecoder().decode(buffer.subarray(0, read));
  return { status: Number(head.split(" ")[1]), head };
}
