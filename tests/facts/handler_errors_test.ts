import { assert, assertEquals } from "@std/assert";
import { RoomServer } from "@/server/mod.ts";
import { Server } from "./command.ts";
import { exchange, httpRequest } from "./http_request.ts";
import { handshake, RawClient } from "./raw_client.ts";
import { assertServes, Pair } from "./talk.ts";

const GET = "GET / HTTP/1.1\r\n";
const LOCAL = "Host: localhost\r\n";

/** Requests that a handler might stumble over, before or after an upgrade. */
const REQUESTS: Record<string, string> = {
  "a Host with a space": `${GET}Host: a b\r\n\r\n`,
  "a Host that is no host": `${GET}Host: [::1\r\n\r\n`,
  "an empty Host": `${GET}Host:\r\n\r\n`,
  "no Host": `${GET}\r\n`,
  "two Hosts": `${GET}${LOCAL}Host: example.com\r\n\r\n`,
  "a Host with a bad port": `${GET}Host: localhost:99999\r\n\r\n`,
  "a Host with user info": `${GET}Host: localhost@example.com\r\n\r\n`,
  "an absolute URL": `GET http://example.com/ HTTP/1.1\r\n${LOCAL}\r\n`,
  "an absolute URL of /ws": handshake([], "http://example.com/ws"),
  "an absolute URL that is none": `GET http://[/ HTTP/1.1\r\n${LOCAL}\r\n`,
  "OPTIONS *": `OPTIONS * HTTP/1.1\r\n${LOCAL}\r\n`,
  "CONNECT": `CONNECT localhost:80 HTTP/1.1\r\n${LOCAL}\r\n`,
  "a path of slashes": `GET //// HTTP/1.1\r\n${LOCAL}\r\n`,
  "a path of dots": `GET /../../../../etc/passwd HTTP/1.1\r\n${LOCAL}\r\n`,
  "a malformed escape": `GET /%zz%00%ff/..%2f HTTP/1.1\r\n${LOCAL}\r\n`,
  "a malformed escape in a route": `GET /connections/%E0%A4%A HTTP/1.1\r\n${LOCAL}\r\n`,
  "a malformed query": `GET /ws?%&=&&%ff#x HTTP/1.1\r\n${LOCAL}\r\n`,
  "a malformed Cookie": `${GET}${LOCAL}Cookie: =;;;==%zz; roomscope_monitor=%; \xff\r\n\r\n`,
  "a long Cookie": `${GET}${LOCAL}Cookie: a=${"x".repeat(12_000)}\r\n\r\n`,
  "a malformed Authorization": `${GET}${LOCAL}Authorization:  \r\n\r\n`,
  "header names of all tokens": `${GET}${LOCAL}!#$%&'*+-.^_|~: x\r\n\r\n`,
  "a header __proto__": `${GET}${LOCAL}__proto__: x\r\nconstructor: y\r\n\r\n`,
  "many headers": `${GET}${LOCAL}${"X: y\r\n".repeat(200)}\r\n`,
  "plain GET of /ws": `GET /ws HTTP/1.1\r\n${LOCAL}\r\n`,
  "POST to /ws": `POST /ws HTTP/1.1\r\n${LOCAL}Content-Length: 2\r\n\r\nhi`,
  "POST to a page": `POST / HTTP/1.1\r\n${LOCAL}Content-Length: 2\r\n\r\nhi`,
  "a sign-in that is no form":
    `POST /signin HTTP/1.1\r\n${LOCAL}Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 2\r\n\r\nhi`,
  "HTTP/2 without asking": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
  "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  "a handshake with a malformed Cookie": handshake(["Cookie: =;;;==%zz; roomscope_monitor=%"]),
  "a handshake with a malformed Host": handshake(["Host: a b"]),
  "a handshake with a malformed Origin": handshake(["Origin: \x7f://"]),
  "a handshake with Origin null": handshake(["Origin: null"]),
  "a handshake of another origin": handshake(["Origin: http://example.com"]),
  "a handshake for another host": handshake(["Host: example.com"]),
  "a handshake with an odd key": handshake(["Sec-WebSocket-Key: abc"]),
  "a handshake without a key": handshake(["Sec-WebSocket-Key: -"]),
  "a handshake of version 12": handshake(["Sec-WebSocket-Version: 12"]),
  "a handshake with a subprotocol": handshake(["Sec-WebSocket-Protocol: a, b"]),
  "a handshake with a bad subprotocol": handshake(["Sec-WebSocket-Protocol: a b,,\t"]),
  "a handshake with deflate": handshake(["Sec-WebSocket-Extensions: permessage-deflate"]),
  "a handshake with a body": handshake(["Content-Length: 2"]) + "hi",
  "a handshake, and a frame at once": handshake() + "\x88\x80\0\0\0\0",
  "a handshake, and noise at once": handshake() + "\xff\xff\xff\xff\xff\xff",
  "two handshakes at once": handshake() + handshake(),
};

/** Fresh's router decodes what its patterns matched, and throws at this. */
const THROWS_IN_FRESH = "a malformed escape in a route";

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Sends a request and ends its side, so that whatever comes of it has an end. */
async function send(port: number, request: string): Promise<number> {
  const closing = request.includes("Upgrade") || !request.includes("\r\n\r\n")
    ? request
    : request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
  return (await exchange(port, latin1(closing), { endsItsSide: true })).status;
}

for (const args of [[], ["--no-tap"]]) {
  Deno.test(`odd requests end by themselves, the port stays open for all (${args})`, async (t) => {
    await using server = await Server.start(["--rate-limit", "0", ...args]);
    using pair = await Pair.meet(server.port);
    for (const [name, request] of Object.entries(REQUESTS)) {
      await t.step(name, async () => {
        const status = await send(server.port, request);
        assert(status !== 500 || name === THROWS_IN_FRESH, `${name}: ${status}`);
        await pair.talk();
      });
    }
    await assertServes(server.port);
    assert(!server.printed.includes("Cannot go on listening"), server.printed);
  });
}

Deno.test("a permissions callback that throws harms its own handshake alone", async () => {
  let broken = false;
  const rooms = new RoomServer({
    permissions() {
      if (broken) throw new Error("Broken on purpose");
      return ["read", "write"];
    },
  });
  const http = Deno.serve(
    {
      port: 0,
      hostname: "127.0.0.1",
      onListen() {},
      onError: () => new Response(null, { status: 500 }),
    },
    (request, info) => rooms.handler(request, info),
  );
  {
    using pair = await Pair.meet(http.addr.port);
    broken = true;
    using refused = await RawClient.connect(http.addr.port);
    assertEquals(refused.status, 500);
    await pair.talk();
    broken = false;
    using late = await RawClient.join(http.addr.port, "lobby");
    await late.settle();
    await pair.talk();
  }
  await rooms.close();
  await http.shutdown();
});

Deno.test("heads beyond every limit are refused", async () => {
  await using server = await Server.start();
  using pair = await Pair.meet(server.port);
  const { status } = await httpRequest(server.port, "GET / HTTP/1.1", [
    "Host: localhost",
    `Cookie: ${"x".repeat(100_000)}`,
  ]);
  assertEquals(status, 431);
  await pair.talk();
});
