/**
 * What a `RoomClient` is used for, in one function that runs in Deno, Node and Chromium alike: it is
 * bundled with the client, and nothing of a platform is in it.
 *
 * @module
 */
import { RequestError, RoomClient, type WebSocketConstructor } from "@/client/mod.ts";

/** What the scenario saw; compared in the test. */
export interface ScenarioResult {
  members: number;
  acks: number[];
  heard: unknown[];
  reply: unknown;
  refusal: unknown;
  chunks: unknown[];
  superseded: string;
  ready: string;
}

/** Joins, publishes text and bytes, asks, streams, closes. */
export async function scenario(
  url: string,
  WebSocket?: WebSocketConstructor,
): Promise<ScenarioResult> {
  const options = WebSocket === undefined ? {} : { WebSocket };
  const [ann, bob] = [new RoomClient(url, options), new RoomClient(url, options)];
  await Promise.all([ann.connect(), bob.connect()]);
  const heard: unknown[] = [];
  const all = new Promise<void>((resolve) =>
    bob.on("room_message", ({ content }) => {
      heard.push(content instanceof Uint8Array ? [...content] : content);
      if (heard.length === 2) resolve();
    })
  );
  await bob.join("lobby");
  const { members } = await ann.join("lobby");
  const acks = await Promise.all([
    ann.publish("lobby", "hello ☃"),
    ann.publish("lobby", new Uint8Array([0, 128, 255])),
  ]);
  await all;
  const reply = await ann.request("sum", [1, 2, 3]);
  const refusal = await ann.request("buy").catch((error) =>
    error instanceof RequestError ? [error.code, error.data] : error
  );
  const older = ann.stream("count", 1e9, { key: "k" });
  const chunks: unknown[] = [];
  for await (const chunk of ann.stream("count", 1e9, { key: "k", window: 2 })) {
    if (chunks.push(chunk) === 5) break;
  }
  const superseded = await older.next().then(() => "none", (error) => error.code);
  await Promise.all([ann.close(), bob.close()]);
  return {
    members: members.length,
    acks: acks.map(({ seq }) => seq),
    heard,
    reply,
    refusal,
    chunks,
    superseded,
    ready: ann.state.value.status,
  };
}
