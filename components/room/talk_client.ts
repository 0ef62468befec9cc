import { type Signal, signal } from "@preact/signals";
import { RoomClient } from "../../client/room_client.ts";
import { RoomError } from "../../client/errors.ts";
import { IDLE_LINK, type LinkView } from "../live/link_view.ts";
import { linkViewOf } from "../live/page_monitor.ts";
import { socketUrl } from "../live/socket_url.ts";
import type { ServerMessageType } from "../../protocol/server_messages.ts";
import { type Delivery, hear, newTalk, notice, type RoomTalk, say, settle } from "./room_talk.ts";

const HEARD: readonly ServerMessageType[] = [
  "room_joined",
  "room_left",
  "user_joined",
  "user_left",
  "room_message",
];

/**
 * The page's second client: one that talks. The server counts and shows it like any other, which
 * is what makes it worth watching.
 */
export class TalkClient {
  /** What its link is doing. */
  readonly link: Signal<LinkView> = signal(IDLE_LINK);
  /** Its client id; empty before the first `welcome`. */
  readonly clientId: Signal<string> = signal("");
  /** The rooms that were joined on this page, by name. */
  readonly talks: Signal<ReadonlyMap<string, RoomTalk>> = signal(new Map());
  #client: RoomClient | null = null;
  #ids = 0;

  /** Becomes a member; the connection is made with the first room. */
  async join(room: string): Promise<void> {
    const client = this.#client ??= this.#connect();
    if (!this.talks.value.has(room)) this.#put(newTalk(room));
    try {
      await client.join(room);
    } catch (error) {
      this.#update(room, (talk) => notice(talk, Date.now(), `Could not join: ${textOf(error)}`));
    }
  }

  /** Stops being a member. */
  async leave(room: string): Promise<void> {
    await this.#client?.leave(room);
  }

  /** Publishes to a room; what became of it shows in the talk. */
  async publish(room: string, content: string): Promise<void> {
    const id = String(this.#ids++);
    this.#update(room, (talk) => say(talk, id, content, Date.now()));
    const delivery = await this.#publish(room, content);
    this.#update(room, (talk) => settle(talk, id, delivery));
  }

  /** Ends a wait for the next attempt. */
  retry(): void {
    this.#client?.connect().catch(() => {});
  }

  async #publish(room: string, content: string): Promise<Delivery> {
    try {
      const { seq } = await this.#client!.publish(room, content);
      return { state: "acked", seq };
    } catch (error) {
      const code = error instanceof RoomError ? error.code : "internal_error";
      return { state: "refused", code, message: textOf(error) };
    }
  }

  #connect(): RoomClient {
    const client = new RoomClient(socketUrl(location), { maxAttempts: Infinity });
    client.on("welcome", ({ clientId }) => void (this.clientId.value = clientId));
    client.on(
      "room_lost",
      ({ room, error }) =>
        this.#update(room, (talk) => notice({ ...talk, joined: false }, Date.now(), textOf(error))),
    );
    for (const type of HEARD) {
      client.on(type, (message) => {
        if (!("room" in message)) return;
        this.#update(message.room!, (talk) => hear(talk, message, Date.now()));
      });
    }
    client.state.subscribe((state) => {
      this.link.value = linkViewOf(state);
    });
    client.connect().catch(() => {});
    return client;
  }

  #update(room: string, change: (talk: RoomTalk) => RoomTalk): void {
    const talk = this.talks.value.get(room);
    if (talk !== undefined) this.#put(change(talk));
  }

  #put(talk: RoomTalk): void {
    this.talks.value = new Map(this.talks.value).set(talk.room, talk);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
