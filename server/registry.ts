import type { ConnectionRecord } from "../protocol/mod.ts";
import type { Connection } from "./connection.ts";

/** How many ended connections stay visible. */
const MAX_ENDED = 500;

/** Every connection that is known: the live ones, and the records of the last that ended. */
export class ConnectionRegistry {
  #live = new Map<string, Connection>();
  #byClientId = new Map<string, Connection>();
  #ended = new Map<string, ConnectionRecord>();
  #perAddress = new Map<string, number>();
  #changed = new Set<(id: string) => void>();

  /** Connections that haven't ended, watchers included. */
  get size(): number {
    return this.#live.size;
  }

  /** Connections that haven't ended, watchers included. */
  live(): IterableIterator<Connection> {
    return this.#live.values();
  }

  /** The connection with this number, if it hasn't ended. */
  byId(id: string): Connection | undefined {
    return this.#live.get(id);
  }

  /** The connection of this client, if it hasn't ended. */
  byClientId(clientId: string): Connection | undefined {
    return this.#byClientId.get(clientId);
  }

  /** How many connections an address has. */
  countOf(hostname: string): number {
    return this.#perAddress.get(hostname) ?? 0;
  }

  /** Takes a new connection in. */
  add(connection: Connection): void {
    this.#live.set(connection.id, connection);
    this.#byClientId.set(connection.clientId, connection);
    const { hostname } = connection.admission;
    this.#perAddress.set(hostname, this.countOf(hostname) + 1);
    this.touch(connection.id);
  }

  /** Turns an ended connection into its record; does nothing the second time. */
  end(connection: Connection): void {
    if (!this.#live.delete(connection.id)) return;
    this.#byClientId.delete(connection.clientId);
    const { hostname } = connection.admission;
    const left = this.countOf(hostname) - 1;
    if (left > 0) this.#perAddress.set(hostname, left);
    else this.#perAddress.delete(hostname);
    if (!connection.watching) this.addEnded(connection.record());
  }

  /** Keeps the record of a connection that has ended; the oldest goes when there are too many. */
  addEnded(record: ConnectionRecord): void {
    this.#ended.set(record.id, record);
    this.touch(record.id);
    for (const id of this.#ended.keys()) {
      if (this.#ended.size <= MAX_ENDED) return;
      this.#ended.delete(id);
      this.touch(id);
    }
  }

  /** The record that watchers see; `null` for a watcher and for what has been forgotten. */
  record(id: string): ConnectionRecord | null {
    const connection = this.#live.get(id);
    if (connection === undefined) return this.#ended.get(id) ?? null;
    return connection.watching ? null : connection.record();
  }

  /** Numbers of all connections that have a record, the ended ones first. */
  ids(): string[] {
    return [...this.#ended.keys(), ...this.#live.keys()];
  }

  /** Says that a connection's record has changed. */
  touch(id: string): void {
    for (const listener of this.#changed) listener(id);
  }

  /** Listens to changes of records; returns what ends it. */
  onChange(listener: (id: string) => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }
}
