import { assert, assertEquals } from "@std/assert";
import {
  bytes,
  concat,
  masked,
  noise,
  openRaw,
  plain,
  RawPeer,
  recordingEcho,
  seeded,
  soon,
  startTap,
  switchingProtocols,
  TcpTarget,
  text,
  until,
  upgradeRequest,
  upgradingTarget,
} from "./support.ts";
import { WsClient, WsEcho } from "./ws_peers.ts";

interface BadHead {
  name: string;
  sent: string | Uint8Array;
  status: number;
  rule: string;
  /** Whether it was meant to become a WebSocket, so that the observer hears of it. */
  upgrade?: boolean;
}

function get(...lines: string[]): string {
  return ["GET / HTTP/1.1", ...lines, "", ""].join("\r\n");
}

function upgrade(name: string, rule: string, lines: string[], status = 400): BadHead {
  return { name, rule, status, sent: upgradeRequest({ lines }), upgrade: true };
}

const post = (framing: string) => `POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`;

const BAD_HEADS: BadHead[] = [
  // ── framing ──
  {
    name: "both lengths at once",
    sent: post("Content-Length: 5\r\nTransfer-Encoding: chunked"),
    status: 400,
    rule: "length-and-chunked",
  },
  {
    name: "two differing lengths",
    sent: post("Content-Length: 5\r\nContent-Length: 6"),
    status: 400,
    rule: "content-length-repeated",
  },
  {
    name: "a list of lengths",
    sent: post("Content-Length: 5, 6"),
    status: 400,
    rule: "content-length-malformed",
  },
  {
    name: "a signed length",
    sent: post("Content-Length: +5"),
    status: 400,
    rule: "content-length-malformed",
  },
  {
    name: "a length beyond counting",
    sent: post("Content-Length: 9999999999999999"),
    status: 400,
    rule: "content-length-malformed",
  },
  {
    name: "another transfer coding",
    sent: post("Transfer-Encoding: gzip, chunked"),
    status: 400,
    rule: "transfer-encoding-unsupported",
  },
  {
    name: "chunked twice",
    sent: post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    status: 400,
    rule: "transfer-encoding-unsupported",
  },
  {
    name: "chunked in HTTP/1.0",
    sent: "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    status: 400,
    rule: "transfer-encoding-unsupported",
  },
  // ── the head ──
  { name: "two Hosts", sent: get("Host: a", "Host: b"), status: 400, rule: "host-invalid" },
  { name: "no Host", sent: get("X: y"), status: 400, rule: "host-invalid" },
  { name: "a Host with a space", sent: get("Host: a b"), status: 400, rule: "host-invalid" },
  { name: "a Host with a path", sent: get("Host: a/b"), status: 400, rule: "host-invalid" },
  {
    name: "an absolute target",
    sent: "GET http://evil/ HTTP/1.1\r\nHost: a\r\n\r\n",
    status: 400,
    rule: "target-form",
  },
  {
    name: "CONNECT",
    sent: "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    status: 400,
    rule: "target-form",
  },
  {
    name: "the HTTP/2 preface",
    sent: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    status: 400,
    rule: "http-version-unsupported",
  },
  { name: "HTTP/0.9", sent: "GET /\r\n", status: 400, rule: "request-line-malformed" },
  {
    name: "a folded line",
    sent: get("Host: a", " b"),
    status: 400,
    rule: "folded-header-malformed",
  },
  { name: "a space in a name", sent: get("Host : a"), status: 400, rule: "header-name-malformed" },
  { name: "no name", sent: get(": a"), status: 400, rule: "header-name-malformed" },
  { name: "a NUL", sent: get("Host: a\0"), status: 400, rule: "header-value-malformed" },
  {
    name: "LF alone",
    sent: "GET / HTTP/1.1\nHost: a\n\n",
    status: 400,
    rule: "line-end-malformed",
  },
  { name: "an early empty line", sent: "\r\n\r\n", status: 400, rule: "request-line-malformed" },
  {
    name: "a head over the limit",
    sent: get("Host: a", "X: " + "y".repeat(17_000)),
    status: 431,
    rule: "head-too-large",
  },
  {
    name: "too many headers",
    sent: get("Host: a", ...Array(200).fill("X: y")),
    status: 431,
    rule: "head-too-many-headers",
  },
  // ── no HTTP at all ──
  {
    name: "a TLS hello",
    sent: Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3),
    status: 400,
    rule: "head-not-text",
  },
  { name: "SSH", sent: "SSH-2.0-OpenSSH_9.2\r\n", status: 400, rule: "request-line-malformed" },
  { name: "a frame", sent: masked("hello"), status: 400, rule: "head-not-text" },
  // ── upgrade requests ──
  upgrade("no key", "key-missing", ["Sec-WebSocket-Key: -"]),
  upgrade("a short key", "key-malformed", ["Sec-WebSocket-Key: abc"]),
  upgrade("an old version", "version-unsupported", ["Sec-WebSocket-Version: 8"], 426),
  upgrade("no version", "version-missing", ["Sec-WebSocket-Version: -"]),
  upgrade("no Connection: Upgrade", "connection-invalid", ["Connection: keep-alive"]),
  upgrade("another Upgrade", "upgrade-invalid", ["Upgrade: h2c"]),
  upgrade("a body", "upgrade-with-body", ["Content-Length: 5"]),
  upgrade("a malformed protocol", "protocol-malformed", ["Sec-WebSocket-Protocol: a b"]),
  {
    name: "POST",
    sent: upgradeRequest({ first: "POST /ws HTTP/1.1" }),
    status: 400,
    rule: "method-not-get",
    upgrade: true,
  },
  {
    name: "an HTTP/1.0 upgrade",
    sent: upgradeRequest({ first: "GET /ws HTTP/1.0" }),
    status: 400,
    rule: "http-version-too-old",
    upgrade: true,
  },
  {
    name: "an upgrade with a folded line",
    sent: upgradeRequest({ lines: ["X: a\r\n b"] }),
    status: 400,
    rule: "folded-header-malformed",
    upgrade: true,
  },
];

Deno.test("bad heads get their status, their end, and no byte reaches the server", async (t) => {
  const { target, received } = recordingEcho();
  await using _target = target;
  const { tap, port, told } = startTap({ target: target.address });
  await using _tap = tap;
  for (const { name, sent, status, rule, upgrade } of BAD_HEADS) {
    await t.step(`${name}: ${status}`, async () => {
      told.failures.length = 0;
      using client = await RawPeer.connect({ port });
      await client.write(sent);
      const head = await client.head();
      assertEquals(head.split(" ").slice(0, 2), ["HTTP/1.1", `${status}`], head);
      assert(/^Connection: close\r$/m.test(head), head);
      assertEquals(/^Sec-WebSocket-Version: 13\r$/m.test(head), status === 426);
      const body = text(await client.rest());
      assertEquals(body.length, Number(/^Content-Length: (\d+)\r$/m.exec(head)?.[1]));
      const expected = upgrade ? [{ rule, status, by: "guard" }] : [];
      assertEquals(told.failures.map(({ rule, status, by }) => ({ rule, status, by })), expected);
    });
  }
  assertEquals(received.length, 0);
  await until(() => tap.connections === 0, "all have ended");
});

Deno.test("bad heads are refused byte by byte too, at the byte that proves it or soon after", async () => {
  const { target, received } = recordingEcho();
  await using _target = target;
  const { tap, port } = startTap({ target: target.address });
  await using _tap = tap;
  for (const { name, sent, status } of BAD_HEADS.filter(({ sent }) => sent.length < 100)) {
    using client = await RawPeer.connect({ port });
    const dripping = (async () => {
      for (const byte of typeof sent === "string" ? bytes(sent) : sent) {
        await client.write(Uint8Array.of(byte));
      }
    })().catch(() => {});
    assert((await client.head()).startsWith(`HTTP/1.1 ${status} `), name);
    await dripping;
  }
  assertEquals(received.length, 0);
});

Deno.test("a body that can't be framed ends its connection", async (t) => {
  const bodies: [name: string, body: string][] = [
    ["no size", "xyz\r\n"],
    ["a size with a sign", "-1\r\n"],
    ["a size beyond counting", "fffffffffffffff\r\n"],
    ["an endless size line", "1;" + "x".repeat(2_000)],
    ["a size line ended by LF", "1\nx\r\n"],
    ["no line end behind the data", "3\r\nabcd\r\n"],
    ["a malformed trailer", "0\r\nno colon\r\n\r\n"],
    ["a control character in an extension", "1;a=\x01\r\nx\r\n"],
  ];
  for (const [name, body] of bodies) {
    await t.step(name, async () => {
      const { target, received } = recordingRequests();
      await using _target = target;
      const { tap, port } = startTap({ target: target.address });
      await using _tap = tap;
      using client = await RawPeer.connect({ port });
      const head = post("Transfer-Encoding: chunked");
      await client.write(head);
      await until(() => received.bytes.length === head.length, "the head arrived");
      await client.write(body);
      assert((await client.head()).startsWith("HTTP/1.1 400 "));
      await client.rest();
      await until(() => received.ended, "the server heard the end");
      // Nothing of the chunk that proves it goes on.
      assertEquals(text(received.bytes), head);
    });
  }
});

/** A target that only listens. */
function recordingRequests() {
  const received = { bytes: new Uint8Array(0), ended: false };
  const target = new TcpTarget(async ({ conn }) => {
    const buffer = new Uint8Array(1_024);
    for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
      received.bytes = concat(received.bytes, buffer.subarray(0, n)) as Uint8Array<ArrayBuffer>;
    }
    received.ended = true;
  });
  return { target, received };
}

Deno.test("good bodies pass unchanged, cut anywhere", async () => {
  const heard: Promise<void>[] = [];
  const body = '5;ext="a"\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: yes\r\n\r\n';
  const request = post("Transfer-Encoding: chunked") + body;
  const next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
  await using target = new TcpTarget(async (peer) => {
    for (;;) {
      const got = text(await peer.take(request.length));
      if (got === "") return;
      assertEquals(got, request);
      await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
      assertEquals(await peer.head(), next);
      await peer.write("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n");
    }
  });
  const { tap, port } = startTap({ target: target.address });
  await using _tap = tap;
  using client = await RawPeer.connect({ port });
  const both = request + next;
  for (let cut = 0; cut <= both.length; cut += 3) {
    await client.write(both.slice(0, cut));
    await client.write(both.slice(cut));
    assert((await client.head()).startsWith("HTTP/1.1 200"));
    assertEquals(text(await client.take(1)), "x");
    assert((await client.head()).startsWith("HTTP/1.1 304"));
  }
  await Promise.all(heard);
});

Deno.test("one request at a time: a pipelined one waits for the answer before it", async () => {
  const seen: string[] = [];
  const go = Promise.withResolvers<void>();
  await using target = new TcpTarget(async (peer) => {
    seen.push(await peer.head());
    await go.promise;
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    seen.push(await peer.head());
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await peer.rest();
  });
  const { tap, port } = startTap({ target: target.address });
  await using _tap = tap;
  using client = await RawPeer.connect({ port });
  await client.write(get("Host: one") + get("Host: two"));
  await client.conn.closeWrite();
  await until(() => seen.length === 1, "the first request arrived");
  assertEquals(seen, [get("Host: one")]);
  go.resolve();
  await client.head();
  await client.head();
  assertEquals(seen, [get("Host: one"), get("Host: two")]);
  assertEquals((await client.rest()).length, 0);
});

Deno.test("a second bad request is refused where the first was answered", async () => {
  await using target = new TcpTarget(async (peer) => {
    await peer.head();
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await peer.rest();
  });
  const { tap, port } = startTap({ target: target.address });
  await using _tap = tap;
  using client = await RawPeer.connect({ port });
  await client.write(get("Host: a") + get());
  assert((await client.head()).startsWith("HTTP/1.1 200 "));
  assert((await client.head()).startsWith("HTTP/1.1 400 "));
  await client.rest();
});

Deno.test("a client that floods behind an upgrade request is slowed, not buffered", async () => {
  const go = Promise.withResolvers<void>();
  const flood = masked(new Uint8Array(60_000), { opcode: 2 });
  const frames = 400;
  const total = Promise.withResolvers<number>();
  await using target = new TcpTarget(async (peer) => {
    await peer.head();
    await go.promise;
    await peer.write(switchingProtocols());
    total.resolve((await peer.take(flood.length * frames)).length);
    await peer.rest();
  });
  const { tap, port } = startTap({ target: target.address });
  await using _tap = tap;
  using client = await RawPeer.connect({ port });
  await client.write(upgradeRequest());
  let written = 0;
  const flooding = (async () => {
    for (let i = 0; i < frames; i++) {
      await client.write(flood);
      written += flood.length;
    }
  })();
  await target.arrived(1);
  let last = -1;
  while (written !== last) {
    last = written;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert(written < flood.length * frames, "the client was slowed");
  go.resolve();
  await flooding;
  assertEquals(await soon(total.promise, "all frames"), flood.length * frames);
});

Deno.test("a client that floods a server that has ended is not waited for", async () => {
  await using target = new TcpTarget(async (peer) => {
    await peer.head();
    await peer.conn.closeWrite();
    await peer.rest();
  });
  const { tap, port } = startTap({ target: target.address, limits: { closeTimeoutMs: 0 } });
  await using _tap = tap;
  using client = await RawPeer.connect({ port });
  const flooding = client.write(get("Host: a") + get("Host: b").repeat(40_000)).catch(() => {});
  assertEquals((await client.rest()).length, 0);
  await flooding;
  await client.conn.closeWrite();
  await until(() => tap.connections === 0, "it has ended");
});

Deno.test("a handshake that the server refuses passes, then the connection ends", async () => {
  await using target = new TcpTarget(async (peer) => {
    await peer.head();
    await peer.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope");
    await peer.rest();
  });
  const { tap, port, told } = startTap({ target: target.address });
  await using _tap = tap;
  using client = await RawPeer.connect({ port });
  await client.write(upgradeRequest() + get("Host: again"));
  assertEquals(
    text(await client.rest()),
    "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope",
  );
  const [failure] = told.failures;
  const { port: own } = client.conn.localAddr as Deno.NetAddr;
  assertEquals(
    [failure.id, failure.status, failure.rule, failure.by, failure.address],
    ["1", 403, "server-refused", "server", `127.0.0.1:${own}`],
  );
  assert(Math.abs(Date.now() - failure.at) < 10_000);
});

Deno.test("handshakes that nobody refuses can fail as well", async (t) => {
  await t.step("the client goes away", async () => {
    await using target = new TcpTarget(async (peer) => {
      await peer.head();
      await peer.rest();
    });
    const { tap, port, told } = startTap({ target: target.address });
    await using _tap = tap;
    const client = await RawPeer.connect({ port });
    await client.write(upgradeRequest());
    await target.arrived(1);
    client[Symbol.dispose]();
    await until(() => told.failures.length === 1, "it is told");
    const [{ by, status, rule }] = told.failures;
    assertEquals([by, status, rule], ["client", 0, "client-went-away"]);
  });
  await t.step("the server goes away", async () => {
    await using target = new TcpTarget(async (peer) => {
      await peer.head();
    });
    const { tap, port, told } = startTap({ target: target.address });
    await using _tap = tap;
    using client = await RawPeer.connect({ port });
    await client.write(upgradeRequest());
    assertEquals((await client.rest()).length, 0);
    client[Symbol.dispose]();
    await until(() => told.failures.length === 1, "it is told");
    assertEquals([told.failures[0].by, told.failures[0].status], ["server", 0]);
  });
});

Deno.test("what a server says unasked or malformed passes; nothing more goes to it", async (t) => {
  const answers: [name: string, answer: string][] = [
    ["a malformed head", "HTTP/1.1 OK\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"],
    ["two framings", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx"],
    ["one answer too many", "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"],
  ];
  for (const [name, answer] of answers) {
    await t.step(name, async () => {
      const heard = Promise.withResolvers<string>();
      await using target = new TcpTarget(async (peer) => {
        await peer.head();
        await peer.write(answer);
        heard.resolve(text(await peer.rest()));
      });
      const { tap, port } = startTap({ target: target.address });
      await using _tap = tap;
      using client = await RawPeer.connect({ port });
      await client.write(get("Host: a"));
      assertEquals(text(await client.take(answer.length)), answer);
      await client.write(get("Host: b"));
      await client.conn.closeWrite();
      assertEquals(await soon(heard.promise, "the target"), "");
    });
  }
  await t.step("101 for no upgrade request becomes 502", async () => {
    await using target = new TcpTarget(async (peer) => {
      await peer.head();
      await peer.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n");
      await peer.rest();
    });
    const { tap, port } = startTap({ target: target.address });
    await using _tap = tap;
    using client = await RawPeer.connect({ port });
    await client.write(get("Host: a", "Upgrade: h2c", "Connection: Upgrade"));
    assert(text(await client.rest()).startsWith("HTTP/1.1 502 "));
  });
  await t.step("a body until the connection's end", async () => {
    await using target = new TcpTarget(async (peer) => {
      await peer.head();
      await peer.write("HTTP/1.1 200 OK\r\n\r\nall of it");
    });
    const { tap, port } = startTap({ target: target.address });
    await using _tap = tap;
    using client = await RawPeer.connect({ port });
    await client.write(get("Host: a"));
    assert(text(await client.rest()).endsWith("\r\n\r\nall of it"));
  });
});

Deno.test("requests that break off are refused", async (t) => {
  const { target, received } = recordingEcho();
  await using _target = target;
  const { tap, port, told } = startTap({ target: target.address });
  await using _tap = tap;
  const cut: [name: string, sent: string, status: string][] = [
    ["inside a head", "GET / HTTP/1.1\r\nHost", "400"],
    ["inside an upgrade's head", upgradeRequest().slice(0, -2), "400"],
    ["before anything", "", ""],
  ];
  for (const [name, sent, status] of cut) {
    await t.step(name, async () => {
      using client = await RawPeer.connect({ port });
      await client.write(sent);
      await client.conn.closeWrite();
      assertEquals(text(await client.rest()).slice(9, 12), status);
    });
  }
  assertEquals(received.length, 0);
  assertEquals(told.failures.map(({ rule, by }) => [rule, by]), [["head-incomplete", "guard"]]);
});

Deno.test("noise never gets through and never harms anybody", async () => {
  await using echo = await WsEcho.start();
  const { tap, port } = startTap({ target: echo.address });
  await using _tap = tap;
  await using bystander = await WsClient.open(port);
  const random = seeded(7);
  for (let i = 0; i < 60; i++) {
    using client = await RawPeer.connect({ port });
    await client.write(noise(1 + random() * 2_000, random)).catch(() => {});
    await client.conn.closeWrite().catch(() => {});
    const answer = text(await client.rest());
    assert(answer.startsWith("HTTP/1.1 400 "), answer);
  }
  bystander.socket.send("still here");
  assertEquals(text((await bystander.message()).data), "still here");
});

Deno.test("an observer that throws harms nobody", async () => {
  const errors: unknown[][] = [];
  const { error } = console;
  console.error = (...args) => errors.push(args);
  try {
    await using target = upgradingTarget(async (peer) => {
      await peer.write(plain("", { opcode: 9 }));
      await peer.rest();
    });
    const { tap, port } = startTap({ target: target.address });
    await using _tap = tap;
    const fail = () => {
      throw new Error("a mistake");
    };
    tap.observer = { connectionRefused: fail, cut: fail, handshakeFailed: fail, roundTrip: fail };
    using refused = await RawPeer.connect({ port });
    await refused.write(upgradeRequest({ lines: ["Sec-WebSocket-Version: 8"] }));
    assert(text(await refused.rest()).startsWith("HTTP/1.1 426 "));
    using client = await openRaw(port);
    await client.frame();
    await client.write(masked("", { opcode: 10 }));
    await client.write(plain("unmasked"));
    assertEquals((await client.frame()).opcode, 8);
    assertEquals(errors.length, 3);
  } finally {
    console.error = error;
  }
});
