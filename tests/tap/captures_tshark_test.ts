import { assert, assertEquals } from "@std/assert";
import type { CaptureEvent, FrameEvent } from "@/protocol/mod.ts";
import { captureEncoder, readCapture } from "@/tap/mod.ts";
import { FrameView } from "@/tap/frame_view.ts";
import { concat, masked, plain, switchingProtocols, upgradeRequest } from "./support.ts";

const FOLDER = new URL("captures/", import.meta.url);
const FIELDS = [
  ...["fin", "rsv", "opcode", "mask", "masking_key"].map((name) => `websocket.${name}`),
];

async function tshark(...args: string[]): Promise<string> {
  const command = new Deno.Command("tshark", { args, stdout: "piped", stderr: "piped" });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Wireshark is a large package: where it is missing, only its opinion is. */
const missing = !(await tshark("--version").then(() => true, () => false));
if (missing) {
  console.warn("tshark is missing: nobody but us has read our pcap. apt-get install -y tshark");
}

async function written(events: readonly CaptureEvent[]): Promise<string> {
  const path = await Deno.makeTempFile({ suffix: ".pcap" });
  const encoder = captureEncoder("pcap");
  const pieces = events.map((event) => encoder.add(event));
  await Deno.writeFile(path, concat(encoder.begin(), ...pieces, encoder.end()));
  return path;
}

/** What tshark says of each frame: one packet may hold several. */
async function seenByTshark(path: string): Promise<string[]> {
  const out = await tshark(
    ...["-r", path, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"],
    ...["-d", "tcp.port==80,http", "-Y", "websocket", "-T", "fields", "-E", "occurrence=a"],
    ...FIELDS.flatMap((field) => ["-e", field]),
  );
  return out.replace(/\n$/, "").split("\n");
}

function expectedOf(event: FrameEvent): string {
  const { fin, rsv1, rsv2, rsv3, opcode, maskingKey } = new FrameView(event);
  const rsv = Number(rsv1) << 2 | Number(rsv2) << 1 | Number(rsv3);
  return [
    fin ? "1" : "0",
    `0x${rsv.toString(16).padStart(2, "0")}`,
    opcode,
    maskingKey ? "1" : "0",
    maskingKey ? maskingKey.toHex() : "",
  ].join("\t");
}

/** No packet may look wrong: checksums, sequence numbers, what is missing or sent again. */
async function complaints(path: string): Promise<string> {
  const expert = "tcp.analysis.flags or tcp.checksum.status==0 or ip.checksum.status==0";
  return await tshark(
    ...["-r", path, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"],
    ...["-Y", expert],
  );
}

function events(client: string, server: string): CaptureEvent[] {
  const place = { connection: "1", at: Date.UTC(2026, 0, 2) };
  const frame = (direction: "in" | "out", wire: Uint8Array, length: number): FrameEvent => ({
    ...{ type: "frame", ...place, frame: 0, direction, wire, length, findings: [] },
    headerLength: wire.length - length,
  });
  const head = (direction: "in" | "out", text: string): CaptureEvent => ({
    ...{ type: "head", ...place, direction, bytes: new TextEncoder().encode(text) },
  });
  const large = new Uint8Array(70_000).fill(0x61);
  return [
    { type: "open", ...place, client, server },
    head("in", upgradeRequest()),
    head("out", switchingProtocols()),
    frame("in", masked("hello"), 5),
    frame("out", plain("a", { fin: false }), 1),
    frame("out", plain("p", { opcode: 9 }), 1),
    frame("out", plain("b", { opcode: 0 }), 1),
    frame("in", masked("p", { opcode: 10 }), 1),
    frame("in", masked(large, { opcode: 2 }), large.length),
    frame("out", plain("", { opcode: 3, rsv2: true }), 0),
    frame("in", masked(Uint8Array.of(0x03, 0xe8), { opcode: 8 }), 2),
    frame("out", plain(Uint8Array.of(0x03, 0xe8), { opcode: 8 }), 2),
    {
      ...{ type: "end", ...place, code: 1000, reason: "", clean: true },
      ...{ closedBy: "client", endedBy: "client" },
    },
  ];
}

for (
  const [client, server] of [
    ["127.0.0.1:50000", "127.0.0.1:80"],
    ["[2001:db8::2]:50000", "[2001:db8::1]:80"],
    ["not an address", "[::1]:80"],
  ]
) {
  Deno.test({
    name: `tshark reads what we write, from ${client} to ${server}`,
    ignore: missing,
    async fn() {
      const list = events(client, server);
      const path = await written(list);
      const expected = list.flatMap((event) => event.type === "frame" ? [expectedOf(event)] : []);
      assertEquals(await seenByTshark(path), expected);
      assertEquals(await complaints(path), "");
      await Deno.remove(path);
    },
  });
}

Deno.test({
  name: "a sniffed capture that we write again is the same to tshark",
  ignore: missing,
  async fn() {
    for (const name of ["ethernet.pcapng", "ipv6.pcapng"]) {
      const bytes = await Deno.readFile(new URL(name, FOLDER));
      const read = await Array.fromAsync(readCapture([bytes]));
      const renamed = read.map((event) =>
        event.type === "open" ? { ...event, server: event.server.replace(/\d+$/, "80") } : event
      );
      const path = await written(renamed);
      const seen = await seenByTshark(path);
      const frames = read.filter((event) => event.type === "frame");
      assertEquals(seen, frames.map(expectedOf));
      assert(seen.length > 10);
      assertEquals(await complaints(path), "");
      await Deno.remove(path);
    }
  },
});
