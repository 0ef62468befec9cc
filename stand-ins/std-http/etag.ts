/** What a file's tag is made of. */
export interface FileInfo {
  /** When it was last changed; without it there is no tag. */
  mtime: Date | null;
  /** Its length in bytes. */
  size: number;
}

/** How a tag is made. */
export interface ETagOptions {
  /** The digest. @default {"SHA-256"} */
  algorithm?: AlgorithmIdentifier;
  /** Whether the tag is weak. @default {false} for content, true for files */
  weak?: boolean;
}

type Bytes = ReturnType<TextEncoder["encode"]>;

const DIGEST_CHARACTERS = 27;

/** The entity tag of a text or of bytes (RFC 9110 §8.8.3): length and the start of a digest. */
export async function eTag(entity: string | Bytes, options?: ETagOptions): Promise<string>;
/** The entity tag of a file, from its time of change; undefined where that isn't known. */
export async function eTag(entity: FileInfo, options?: ETagOptions): Promise<string | undefined>;
export async function eTag(
  entity: string | Bytes | FileInfo,
  options: ETagOptions = {},
): Promise<string | undefined> {
  const isFile = typeof entity === "object" && "mtime" in entity;
  if (isFile && !entity.mtime) return undefined;
  const bytes = isFile
    ? encode(entity.mtime!.toJSON())
    : typeof entity === "string"
    ? encode(entity)
    : entity;
  const size = isFile ? entity.size : bytes.length;
  const weak = options.weak ?? isFile;
  const algorithm = options.algorithm ?? "SHA-256";
  return `${weak ? "W/" : ""}"${size.toString(16)}-${await digest(algorithm, bytes)}"`;
}

function encode(text: string): Bytes {
  return new TextEncoder().encode(text);
}

async function digest(algorithm: AlgorithmIdentifier, bytes: Bytes): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
  return btoa(String.fromCharCode(...hash)).slice(0, DIGEST_CHARACTERS);
}

/** Whether an `If-Match` header lets the request go on. A weak tag never matches. */
export function ifMatch(value: string | null, etag: string | undefined): boolean {
  if (!value || !etag || etag.startsWith("W/")) return false;
  return value.trim() === "*" || value.split(/\s*,\s*/).includes(etag);
}

/** Whether an `If-None-Match` header lets the request go on; false means: answer 304. */
export function ifNoneMatch(value: string | null, etag: string | undefined): boolean {
  if (!value || !etag) return true;
  const tags = value.split(/\s*,\s*/).map(strong);
  return value.trim() !== "*" && !tags.includes(strong(etag));
}

function strong(tag: string): string {
  return tag.replace(/^W\//, "");
}
