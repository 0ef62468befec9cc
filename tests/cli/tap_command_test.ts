import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { main } from "@/tap.ts";
import { parseListen, parseTarget } from "@/cli/tap/address.ts";
import { bytesOfText } from "@/cli/tap/input.ts";
import { startRelay } from "@/cli/tap/relay_command.ts";
import { RELAY_FLAGS, relayOptions } from "@/cli/tap/relay_flags.ts";
import { readFlags } from "@/cli/flags.ts";
import { WsClient, WsEcho } from "../tap/ws_peers.ts";
import { soon } from "../tap/support.ts";
import { FakeTerminal } from "./tap_terminal.ts";

const HELLO = "81 85 37 fa 21 3d 7f 9f 4d 51 58";
const REQUEST = "GET /chat HTTP/1.1\nHost: a\nUpgrade: websocket\nConnection: Upgrade\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\n\n";
const RESPONSE = "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\n" +
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n\n";

async function run(args: string[], input: string | Uint8Array = "") {
  const terminal = new FakeTerminal();
  terminal.input = typeof input === "string" ? new TextEncoder().encode(input) : input;
  const code = await main(args, terminal);
  return { code, text: terminal.text, said: terminal.said.join("\n") };
}

/** A relay in this process, on a free port. */
function relay(args: string[], terminal: FakeTerminal) {
  const flags = readFlags(RELAY_FLAGS, ["--listen", "0", ...args], () => undefined);
  return startRelay(relayOptions(flags), terminal);
}

Deno.test("explain: hex in every spelling, base64, a file, standard input", async () => {
  const expected = await run(["explain", HELLO]);
  assertEquals(expected.code, 0);
  assertStringIncludes(expected.text, "text, bytes 0 to 10");
  assertStringIncludes(expected.text, "Hello");
  const raw = Uint8Array.fromHex(HELLO.replaceAll(" ", ""));
  const file = await Deno.makeTempFile();
  for (const written of [HELLO, raw.toHex(), "0x81,0x85:37FA213d 7f9f4d5158", raw.toBase64()]) {
    assertEquals((await run(["explain", written])).text, expected.text, written);
    assertEquals((await run(["explain", "-"], written + "\n")).text, expected.text, written);
    await Deno.writeTextFile(file, written);
    assertEquals((await run(["explain", file])).text, expected.text, written);
  }
  assertEquals((await run(["explain", ...HELLO.split(" ")])).text, expected.text);
  await Deno.writeFile(file, raw);
  assertEquals((await run(["explain", file])).text, expected.text);
  await Deno.remove(file);
});

Deno.test("explain: a stream of frames, its findings, and what isn't whole", async () => {
  const { text } = await run(["explain", "01024869 8901aa 80 02 0000 8300 8105"]);
  for (const title of ["text, bytes 0 to 3", "ping, bytes 4 to 6", "continuation, bytes 7 to 10"]) {
    assertStringIncludes(text, title);
  }
  assertStringIncludes(text, "! reserved-opcode (RFC 6455 §5.2, byte 0)");
  assertStringIncludes(text, "A frame from byte 13 on that isn't whole");
  assertStringIncludes((await run(["explain", "8800ffff"])).text, "2 bytes follow the Close frame");
  const lost = await run(["explain", "82ff 8000000000000000 00"]);
  assertStringIncludes(lost.text, "can't be cut into frames any more");
  assertStringIncludes((await run(["explain", "c100"])).text, "rsv");
  // The compressed "Hello" of RFC 7692 §7.2.3.1, then one that refers to it, then one that is broken.
  const deflated = ["explain", "--deflate", "c107f248cdc9c90700 c105f200110000 c10106"];
  const { text: inflated } = await run(deflated);
  const [hello, again, broken] = inflated.split("inflated, 5 bytes of the message that began with");
  assert(!hello.includes("!") && !again.includes("!"), inflated);
  assertMatch(again, /frame 0\n.*48 65 6c 6c 6f .*Hello/);
  assertMatch(broken, /frame 1\n.*48 65 6c 6c 6f .*Hello/);
  assertStringIncludes(broken, "! deflate-invalid (RFC 7692 §7.2, byte 2)");
  assertStringIncludes(
    (await run(["explain", "--sender", "client", "8100"])).text,
    "! mask-missing",
  );
});

Deno.test("explain: what it can't use is explained, with exit code 2", async () => {
  for (
    const [args, message] of [
      [["explain"], "the bytes are missing"],
      [["explain", "no bytes!"], "neither a file nor hex nor base64"],
      [["explain", "--sender", "me", "8100"], "client or server"],
      [["explain", "--wrong"], "--wrong"],
    ] as const
  ) {
    const { code, said } = await run([...args]);
    assertEquals(code, 2);
    assertStringIncludes(said, message);
  }
});

Deno.test("handshake: a request and its response are right", async () => {
  for (const text of [REQUEST + RESPONSE, (REQUEST + RESPONSE).replaceAll("\n", "\r\n")]) {
    const { code, text: shown } = await run(["handshake", "-"], text);
    assertEquals(code, 0, shown);
    assertStringIncludes(shown, "b37a4f2cc0624f1690f64606cf385945b2bec4ea");
    assertStringIncludes(shown, "✓ the accept key belongs to the request's key");
  }
});

Deno.test("handshake: every fault has its rule and section, exit code 1", async () => {
  const bad = REQUEST.replace("Version: 13", "Version: 8") + RESPONSE.replace("s3pP", "AAAA");
  const { code, text } = await run(["handshake", "-"], bad);
  assertEquals(code, 1);
  assertStringIncludes(text, "✗ version-unsupported");
  assertStringIncludes(text, "→ HTTP 426");
  assertStringIncludes(text, "✗ accept");
  assertEquals((await run(["handshake", "-"], "nonsense")).code, 1);
  const alone = await run(["handshake", "-"], RESPONSE.replaceAll("\n", "\r\n") + "\x81");
  assertStringIncludes(alone.text, "Without the request");
  assertStringIncludes(alone.text, "2 bytes follow that aren't a head");
  assertEquals((await run(["handshake"])).code, 2);
  const missing = await run(["handshake", "/no/such/file"]);
  assertEquals([missing.code, /Cannot read \/no\/such\/file/.test(missing.said)], [1, true]);
});

Deno.test("relay: one line a frame, from the beginning to the end", async () => {
  await using echo = await WsEcho.start();
  const terminal = new FakeTerminal();
  const running = relay(["--target", `ws://127.0.0.1:${echo.port}/ws`], terminal);
  const client = await WsClient.open(running.address.port);
  client.socket.send("hello");
  await client.message();
  client.socket.close(4001, "bye");
  await client.closed;
  await soon(terminal.line(/ end /), "the last line");
  await running.stop();
  const shown = terminal.lines.map((line) => line.slice(13));
  assert(/^#1 {3}open {3}127\.0\.0\.1:\d+ → 127\.0\.0\.1:\d+$/.test(shown[0]), shown[0]);
  assertStringIncludes(shown[1], "GET /ws HTTP/1.1");
  assertStringIncludes(shown[2], "101 Switching Protocols");
  assertEquals(shown[3], '#1   in  text         FIN mask          5 "hello"');
  assertEquals(shown[4], '#1   out text         FIN               5 "hello"');
  assertStringIncludes(shown[5], '4001 Private Use "bye"');
  assertStringIncludes(shown[7], "clean, client closed first");
  assert(terminal.said[0].startsWith(`Tap ready: ws://127.0.0.1:${running.address.port}/ws → `));
  assertEquals(terminal.said.at(-1), "4 frames");
});

Deno.test("relay: what came before the stop is printed and saved, however soon it comes", async () => {
  const folder = await Deno.makeTempDir();
  for (const name of ["a.jsonl", "a.har", "a.pcap"]) {
    await using echo = await WsEcho.start();
    const terminal = new FakeTerminal();
    const save = `${folder}/${name}`;
    const running = relay(["--target", `ws://127.0.0.1:${echo.port}`, "--save", save], terminal);
    const client = await WsClient.open(running.address.port);
    for (let i = 0; i < 300; i++) client.socket.send(`message ${i}`);
    for (let i = 0; i < 300; i++) await client.message();
    client.socket.close(1000);
    await client.closed;
    await running.stop();
    assertStringIncludes(terminal.lines.at(-1) ?? "", "clean, client closed first");
    const read = await run(["read", save]);
    assertEquals(read.code, 0, read.said);
    const [shown, saved] = [terminal.text, read.text].map((text) =>
      text.split("\n").flatMap((line) => /(in |out).*"message \d+"$/.exec(line)?.[0] ?? [])
    );
    assertEquals(saved, shown);
    assertEquals(saved.length, 600);
    assertEquals((await run(["convert", save, `${folder}/b${name}`])).code, 0);
    assertEquals((await run(["read", `${folder}/b${name}`])).text, read.text);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("replay: the same comes back, or what is different is told", async () => {
  const folder = await Deno.makeTempDir();
  const saved = `${folder}/a.jsonl`;
  let answer = (data: string) => data;
  await using echo = await WsEcho.start();
  echo.wss.removeAllListeners("connection");
  echo.wss.on("connection", (socket) => {
    socket.on("message", (data: Uint8Array) => socket.send(answer(new TextDecoder().decode(data))));
  });
  const target = `ws://127.0.0.1:${echo.port}/ws`;
  const running = relay(["--target", target, "--save", saved, "--quiet"], new FakeTerminal());
  const client = await WsClient.open(running.address.port);
  for (const word of ["one", "two", "three"]) {
    client.socket.send(word);
    client.socket.ping(word);
    await client.message();
  }
  client.socket.close(1000);
  await client.closed;
  await running.stop();
  for (const args of [["--speed", "0"], ["--speed", "1"], ["--speed", "10", "--header", "X: y"]]) {
    const { code, text } = await run(["replay", saved, "--target", target, ...args]);
    assertEquals(text, "#1 7 frames sent, 7 came back of 7: the same came back");
    assertEquals(code, 0);
  }
  answer = (data) => data === "two" ? "twO" : data === "three" ? "threeee" : data;
  const other = await run(["replay", saved, "--target", target, "--speed", "0"]);
  assertEquals(other.code, 1);
  assertStringIncludes(other.text, "2 differences");
  assertStringIncludes(other.text, "payload byte 2 is 4f in place of 6f");
  assertStringIncludes(other.text, "7 bytes in place of 5");
  const gone = await run(["replay", saved, "--target", "ws://127.0.0.1:1", "--connection", "1"]);
  assertEquals(gone.code, 1);
  assertStringIncludes(gone.text, "the server can't be reached");
  for (
    const [args, code, message] of [
      [["replay"], 2, "name one capture file"],
      [["replay", saved], 2, "--target is missing"],
      [["replay", saved, "--target", target, "--speed", "fast"], 2, "--speed"],
      [["replay", saved, "--target", target, "--header", "x"], 2, "--header"],
      [["replay", saved, "--target", target, "--connection", "9"], 1, "no such connection"],
    ] as const
  ) {
    const result = await run([...args]);
    assertEquals(result.code, code, result.said);
    assertStringIncludes(result.said, message);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("read and convert: what is wrong is explained", async () => {
  const folder = await Deno.makeTempDir();
  const bad = `${folder}/bad.har`;
  await Deno.writeTextFile(bad, "{");
  for (
    const [args, code, message] of [
      [["read"], 2, "name one capture file"],
      [["read", "/no/such/file"], 1, "Cannot read /no/such/file"],
      [["read", bad], 1, "it is not JSON"],
      [["read", bad, "--filter", "x"], 2, "there is no word"],
      [["convert", bad], 2, "name a capture and a new file"],
      [["convert", bad, "x.txt"], 2, "must end in .jsonl, .har or .pcap"],
      [["convert", bad, `${folder}/x.har`], 1, "it is not JSON"],
      [["convert", bad, bad], 1, "it is there already"],
    ] as const
  ) {
    const result = await run([...args]);
    assertEquals(result.code, code, result.said);
    assertStringIncludes(result.said, message);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("relay: a terminal that doesn't take its lines holds nobody up", async () => {
  await using echo = await WsEcho.start();
  const terminal = new FakeTerminal();
  let printing = 0;
  terminal.print = () => {
    printing++;
    return new Promise(() => {});
  };
  const running = relay(["--target", `ws://127.0.0.1:${echo.port}`], terminal);
  const client = await WsClient.open(running.address.port);
  for (let i = 0; i < 300; i++) {
    client.socket.send(`message ${i}`);
    await client.message();
  }
  client.socket.close();
  await client.closed;
  assertEquals(printing, 1);
  await running.stop();
});

Deno.test("relay: who reads the output may leave", async () => {
  await using echo = await WsEcho.start();
  const terminal = new FakeTerminal();
  terminal.print = () => Promise.reject(new Deno.errors.BrokenPipe());
  const running = relay(["--target", `ws://127.0.0.1:${echo.port}`, "--json"], terminal);
  const client = await WsClient.open(running.address.port);
  client.socket.send("still there");
  await client.message();
  client.socket.close();
  await client.closed;
  await running.stop();
});

Deno.test("relay: wrong flags are explained, with exit code 2", async () => {
  for (
    const [args, message] of [
      [[], "--target is missing"],
      [["--target", "http://a"], "not like ws://localhost:8000/ws"],
      [["--target", "ws://a", "--listen", "70000"], "not like 9000"],
      [["--target", "ws://a", "--filter", "len>"], "Cannot read filter at character 4"],
      [["--target", "ws://a", "--cert", "x"], "--cert and --key go together"],
      [["--target", "ws://a", "--any-name"], "not wss://"],
      [["--target", "ws://a", "--fault", "explode"], 'there is no "explode"'],
      [["--target", "ws://a", "--fault", "drop", "--guard"], "--fault with --guard"],
      [["--target", "ws://a", "--seed", "x"], "--seed"],
      [["--nonsense"], "--nonsense"],
      [["nonsense"], "nonsense"],
    ] as const
  ) {
    const { code, said } = await run([...args]);
    assertEquals(code, 2, said);
    assertStringIncludes(said, message);
  }
  const unreadable = await run(["--target", "wss://a", "--ca-file", "/no/such/file"]);
  assertEquals(unreadable.code, 1);
});

Deno.test("relay: a port that is taken is told, with exit code 1", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, said } = await run(["--target", "ws://a", "--listen", String(taken.addr.port)]);
  assertEquals(code, 1);
  assertStringIncludes(said, `Cannot listen on 127.0.0.1:${taken.addr.port}`);
});

Deno.test("--help of each command, and --version", async () => {
  for (
    const args of [["--help"], ["explain", "--help"], ["handshake", "--help"], ["read", "--help"], [
      "convert",
      "--help",
    ], ["--version"]]
  ) {
    const { code, text } = await run(args);
    assertEquals(code, 0);
    assert(text.length > 4);
  }
});

Deno.test("addresses of all kinds", () => {
  assertEquals(parseTarget("ws://localhost:8000/ws?a=b").path, "/ws?a=b");
  assertEquals(parseTarget("wss://[::1]").target, { hostname: "::1", port: 443, tls: {} });
  assertEquals(parseTarget("ws://a").target, { hostname: "a", port: 80 });
  assertEquals(parseListen("9000"), { hostname: "127.0.0.1", port: 9000 });
  assertEquals(parseListen("[::]:1"), { hostname: "::", port: 1 });
  assertEquals(parseListen("0.0.0.0:1"), { hostname: "0.0.0.0", port: 1 });
});

Deno.test("bytes as text", () => {
  assertEquals(bytesOfText("0x81 02"), Uint8Array.of(0x81, 2));
  assertEquals(bytesOfText("gQI="), Uint8Array.of(0x81, 2));
  assertEquals(bytesOfText("_-8"), Uint8Array.of(0xff, 0xef));
  assertEquals(bytesOfText(""), null);
  assertEquals(bytesOfText("%"), null);
});

Deno.test("as a process: exit codes, and a signal ends it", async () => {
  const command = (...args: string[]) =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("../../tap.ts", import.meta.url).pathname, ...args],
      stdout: "piped",
      stderr: "piped",
    });
  assertEquals((await command("--wrong").output()).code, 2);
  const child = command("--listen", "0", "--target", "ws://127.0.0.1:1").spawn();
  let said = "";
  for await (const piece of child.stderr.pipeThrough(new TextDecoderStream())) {
    said += piece;
    if (said.includes("Tap ready")) break;
  }
  child.kill("SIGINT");
  const [{ code }] = await soon(Promise.all([child.status, child.stdout.cancel()]), "its end");
  assertEquals(code, 0);
});
