import { applyMask } from "../../frames/mask.ts";
import type { Field } from "../../frames/explanation.ts";
import type { TreeRow } from "./selection.ts";

/** Where a frame's parts lie. */
export interface FrameParts {
  /** Bytes of the header, the key included. */
  headerLength: number;
  /** The masking key; `null` where the frame isn't masked. */
  key: Uint8Array | null;
}

/** Reads the parts off the explained fields. */
export function partsOf(bytes: Uint8Array, fields: readonly Field[]): FrameParts {
  const key = fields.find((field) => field.id === "masking-key");
  const headerLength = fields.filter((field) => field.id !== "payload")
    .reduce((end, field) => Math.max(end, field.byteOffset + field.byteLength), 0);
  return {
    headerLength,
    key: key?.complete ? bytes.slice(key.byteOffset, key.byteOffset + key.byteLength) : null,
  };
}

/** The frame's bytes with the payload unmasked, at the same offsets; the same array if none is masked. */
export function unmaskedBytes(bytes: Uint8Array, parts: FrameParts): Uint8Array {
  if (parts.key === null) return bytes;
  const plain = bytes.slice();
  applyMask(plain.subarray(parts.headerLength), parts.key);
  return plain;
}

/** A payload as text, and whether that is what it says. */
export interface TextView {
  /** The text, with replacement characters where the bytes aren't UTF-8. */
  text: string;
  /** Whether every byte is part of valid UTF-8. */
  valid: boolean;
}

/**
 * Reads a payload as UTF-8.
 *
 * @param payload The bytes.
 * @param isWhole Whether the text ends with them: the last character of a part may be cut.
 */
export function textView(payload: Uint8Array, isWhole = true): TextView {
  try {
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { text: strict.decode(payload, { stream: !isWhole }), valid: true };
  } catch {
    const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
    return { text: lenient.decode(payload, { stream: !isWhole }), valid: false };
  }
}

/** A text as indented JSON, or why it isn't any. */
export function jsonView(text: string): { json: string } | { problem: string } {
  try {
    return { json: JSON.stringify(JSON.parse(text), null, 2) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : "not JSON" };
  }
}

/** An inflated message as the one field of its bytes, for the grid. */
export function messageRows(length: number): TreeRow[] {
  const field: Field = {
    ...{ id: "payload", name: "inflated message", pattern: "", raw: "", value: "", meaning: "" },
    ...{ bitOffset: 0, bitLength: 8 * length, byteOffset: 0, byteLength: length },
    ...{ section: "RFC 7692 §7.2.2", complete: true },
  };
  return [{ field, level: 1 }];
}
