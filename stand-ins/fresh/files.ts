import { extname, join, relative, sep } from "node:path";
import type { StaticFile } from "./snapshot.ts";

const TYPES: Record<string, string> = {
  avif: "image/avif",
  css: "text/css; charset=UTF-8",
  gif: "image/gif",
  html: "text/html; charset=UTF-8",
  ico: "image/vnd.microsoft.icon",
  jpg: "image/jpeg",
  js: "text/javascript; charset=UTF-8",
  json: "application/json; charset=UTF-8",
  map: "application/json; charset=UTF-8",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=UTF-8",
  wasm: "application/wasm",
  webmanifest: "application/manifest+json",
  webp: "image/webp",
  woff2: "font/woff2",
  xml: "application/xml",
};

/** The media type of a file by its name. */
export function contentTypeOf(path: string): string {
  return TYPES[extname(path).slice(1)] ?? "text/plain";
}

/** All files below a folder, as paths with slashes; none if there is no such folder. */
export async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory) files.push(...await filesBelow(path));
      else files.push(path);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files.sort();
}

/** A path below a folder as it stands in addresses. */
export function pathWithin(folder: string, path: string): string {
  return relative(folder, path).replaceAll(sep, "/");
}

/** A file on disk; with a hash it is taken not to change. */
export function fileOnDisk(path: string, hash: string | null): StaticFile {
  return { hash, contentType: contentTypeOf(path), read: () => Deno.readFile(path) };
}

/** A file that was never written. */
export function fileInMemory(path: string, content: Uint8Array<ArrayBuffer>): StaticFile {
  return { hash: null, contentType: contentTypeOf(path), read: () => Promise.resolve(content) };
}

/** Looks a file up when it is asked for: what development and memory builds do. */
export async function fileNow(folder: string, path: string): Promise<StaticFile | null> {
  const target = join(folder, path);
  if (pathWithin(folder, target).startsWith("..")) return null;
  try {
    return (await Deno.stat(target)).isFile ? fileOnDisk(target, null) : null;
  } catch {
    return null;
  }
}

/** What the entity tag of a built file is made of. */
export async function hashOf(content: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", content)).toHex();
}
