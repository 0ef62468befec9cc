import {
  type BinaryDelivery,
  type DeliveredRoomMessage,
  encodeBinaryDelivery,
} from "../protocol/mod.ts";
import type { PlacedMessage } from "./backplane.ts";
import { type Outgoing, outgoing } from "./outbound.ts";

/** A placed message as its room's members get it: serialised once, as text or as bytes. */
export function outgoingRoomMessage(placed: PlacedMessage): Outgoing {
  const { room, from, clientId, content, timestamp, seq } = placed;
  const message: DeliveredRoomMessage = {
    type: "room_message",
    room,
    from,
    clientId,
    content,
    timestamp,
    seq,
  };
  if (!(content instanceof Uint8Array)) return outgoing(message);
  const data = encodeBinaryDelivery(message as BinaryDelivery);
  return { data, bytes: data.length };
}
