import { assertEquals } from "@std/assert";
import { httpRequest } from "./http_request.ts";
import { RawClient } from "./raw_client.ts";

/** Two members of one room, to find out whether others are disturbed. */
export class Pair implements Disposable {
  readonly #room: string;
  readonly ann: RawClient;
  readonly bob: RawClient;
  #said = 0;

  private constructor(room: string, ann: RawClient, bob: RawClient) {
    this.#room = room;
    this.ann = ann;
    this.bob = bob;
  }

  static async meet(port: number, room = "lobby"): Promise<Pair> {
    const ann = await RawClient.join(port, room);
    return new Pair(room, ann, await RawClient.join(port, room));
  }

  /** Ann says something new, and it is the next thing that Bob hears, from the same log. */
  async talk(): Promise<void> {
    const id = String(++this.#said);
    await this.ann.say({ type: "room_message", room: this.#room, content: id, id });
    const ack = await this.ann.next("ack");
    const heard = await this.bob.next("room_message");
    assertEquals([ack.id, heard.content, heard.seq], [id, id, ack.seq]);
  }

  [Symbol.dispose](): void {
    this.ann[Symbol.dispose]();
    this.bob[Symbol.dispose]();
  }
}

/** Newcomers are served: a page, and a room. */
export async function assertServes(port: number): Promise<void> {
  assertEquals((await httpRequest(port, "GET /healthz HTTP/1.1")).body, "ok");
  using pair = await Pair.meet(port, "newcomers");
  await pair.talk();
}
