/**
 * WebSocket rooms that you can see through: a room server for Deno, its client, a hand-written
 * RFC 6455 frame inspector, and a tap that shows the bytes on the wire.
 *
 * Each half has an entry of its own: `./server`, `./client`, `./frames`, `./protocol`, `./tap`.
 *
 * @example A server, a client, a room
 * ```ts
 * import { RoomClient, RoomServer } from "@roomscope/roomscope";
 * import { assertEquals } from "@std/assert";
 *
 * const rooms = new RoomServer();
 * const http = Deno.serve({ port: 0, onListen() {} }, (request, info) => rooms.handler(request, info));
 *
 * const client = new RoomClient(`ws://localhost:${http.addr.port}`);
 * await client.connect();
 * await client.join("lobby");
 * const { seq } = await client.publish("lobby", "hello");
 * assertEquals(seq, 1);
 *
 * await client.close();
 * await rooms.close();
 * await http.shutdown();
 * ```
 *
 * @module
 */
export * from "./client/mod.ts";
export * from "./frames/mod.ts";
export * from "./protocol/mod.ts";
export * from "./server/mod.ts";
export * from "./tap/mod.ts";
