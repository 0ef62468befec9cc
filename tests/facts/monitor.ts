import type { ConnectionRecord, Connections } from "@/protocol/mod.ts";
import { httpRequest } from "./http_request.ts";
import { RawClient } from "./raw_client.ts";

/** The cookie that the dashboard's page sets. */
export async function monitorCookie(port: number): Promise<string> {
  const { head } = await httpRequest(port, "GET / HTTP/1.1");
  return /^set-cookie: ([^;\r]+)/im.exec(head)![1];
}

/** Watches connections as the dashboard does. */
export class Watcher implements Disposable {
  readonly client: RawClient;
  readonly #records = new Map<string, ConnectionRecord>();

  private constructor(client: RawClient) {
    this.client = client;
  }

  static async open(port: number): Promise<Watcher> {
    const cookie = await monitorCookie(port);
    const client = await RawClient.open(port, { lines: [`Cookie: ${cookie}`] });
    await client.say({ type: "monitor_start", topics: ["connections"] });
    return new Watcher(client);
  }

  /** The first record that fits, now or when it comes. */
  async record(fits: (record: ConnectionRecord) => boolean): Promise<ConnectionRecord> {
    while (true) {
      const found = [...this.#records.values()].find(fits);
      if (found !== undefined) return found;
      const { changed } = await this.client.next("connections") as unknown as Connections;
      for (const record of changed) this.#records.set(record.id, record);
    }
  }

  [Symbol.dispose](): void {
    this.client[Symbol.dispose]();
  }
}
