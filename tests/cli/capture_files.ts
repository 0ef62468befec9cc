/** A HAR with so many messages, as Chromium writes it: nothing tells how it ended. */
export function har(messages = 2, close = false): Uint8Array {
  const all = Array.from({ length: messages }, (_, i) => ({
    ...{ type: i % 2 ? "receive" : "send", time: 1767225600 + i, opcode: 1, data: `message ${i}` },
  }));
  const frames = close
    ? [...all, { type: "send", time: 1767225700, opcode: 8, data: "A+g=" }]
    : all;
  return new TextEncoder().encode(JSON.stringify({
    log: {
      entries: [{
        startedDateTime: "2026-01-01T00:00:00.000Z",
        request: { url: "ws://localhost/chat" },
        response: { status: 101 },
        _webSocketMessages: frames,
      }],
    },
  }));
}
