import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Phase } from "@/tap/conversation.ts";
import { authorityOf, HostRewriter, withHost } from "@/tap/host_rewriter.ts";
import { Tap } from "@/tap/mod.ts";
import type { NetConn } from "@/tap/relay.ts";
import { bytes, concat, LOOPBACK, soon, text } from "./support.ts";
import { WsClient, WsEcho } from "./ws_peers.ts";

const UPGRADE = "GET /ws HTTP/1.1\r\nHost: localhost:9000\r\nUpgrade: websocket\r\n" +
  "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
  "Sec-WebSocket-Version: 13\r\n\r\n";
const POST = "POST /a HTTP/1.1\r\nhost:localhost:9000\r\nContent-Length: 12\r\n\r\nHost: abc\r\n\n";

/** What comes out for chunks that come in. */
function rewrite(chunks: readonly Uint8Array[], phase: () => Phase = () => "idle"): string {
  const rewriter = new HostRewriter({} as NetConn, "example.com", phase);
  return text(concat(...chunks.map((chunk) => rewriter.rewrite(chunk.slice()).slice())));
}

Deno.test("an authority is what a URL has: no port that goes without saying, IPv6 in brackets", () => {
  assertEquals(authorityOf({ hostname: "a.example", port: 80 }), "a.example");
  assertEquals(authorityOf({ hostname: "a.example", port: 443 }), "a.example:443");
  assertEquals(authorityOf({ hostname: "a.example", port: 443, tls: {} }), "a.example");
  assertEquals(authorityOf({ hostname: "::1", port: 8080 }), "[::1]:8080");
});

Deno.test("only the Host lines change, whatever stands in the others", () => {
  const head = "GET / HTTP/1.1\r\nX-Host: a\r\nHOST : b\r\nX: h\xf6st Host: c\nHost:d\n\r\n";
  assertEquals(
    text(withHost(bytes(head), "t:1")),
    "GET / HTTP/1.1\r\nX-Host: a\r\nHost: t:1\r\nX: h\xf6st Host: c\nHost: t:1\n\r\n",
  );
});

Deno.test("heads are rewritten and bodies pass, cut anywhere", () => {
  const stream = bytes(POST + UPGRADE);
  const expected = (POST.replace("host:localhost:9000", "Host: example.com") + UPGRADE)
    .replace("Host: localhost:9000", "Host: example.com");
  assertEquals(rewrite([stream]), expected);
  for (let cut = 0; cut <= stream.length; cut++) {
    assertEquals(rewrite([stream.slice(0, cut), stream.slice(cut)]), expected, `cut at ${cut}`);
  }
  assertEquals(rewrite(Array.from(stream, (byte) => Uint8Array.of(byte))), expected);
});

Deno.test("behind an upgrade request everything passes, and after a refusal it is HTTP again", () => {
  const frames = "\x01\x05abcdGET / HTTP/1.1\r\nHost: x\r\n\r\n";
  const upgraded = UPGRADE.replace("localhost:9000", "example.com");
  assertEquals(rewrite([bytes(UPGRADE + frames)], () => "handshake"), upgraded + frames);
  assertEquals(
    rewrite([bytes(UPGRADE), bytes(frames)], () => "websocket"),
    upgraded + frames,
  );
  assertEquals(rewrite([bytes(UPGRADE), bytes(UPGRADE)], () => "idle"), upgraded + upgraded);
});

Deno.test("what is no HTTP passes from there on, byte for byte", () => {
  const noise = "\x16\x03\x01\x02\x00 Host: a\r\n\r\n";
  assertEquals(rewrite([bytes(noise), bytes(POST)]), noise + POST);
});

for (const guard of [false, true]) {
  Deno.test(`a server gets its own name, the record the client's; guard: ${guard}`, async () => {
    await using echo = await WsEcho.start();
    const asked = Promise.withResolvers<string | undefined>();
    echo.wss.on("headers", (_lines, request) => asked.resolve(request.headers.host));
    await using tap = new Tap({ target: echo.address, guard, rewriteHost: true });
    const { port } = tap.listen({ hostname: LOOPBACK, port: 0 });
    await using client = await WsClient.open(port);
    assertEquals(await soon(asked.promise, "the Host"), `127.0.0.1:${echo.port}`);
    client.socket.send("Host: not this one");
    assertEquals(text((await client.message()).data), "Host: not this one");
    const [request] = tap.capture.heads("1");
    assertStringIncludes(text(request.bytes), `Host: 127.0.0.1:${port}`);
    assert(tap.capture.stats.seen > 0);
  });
}
