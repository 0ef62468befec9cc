import { options, type VNode } from "preact";
import { buildId } from "./build_id.ts";

/** The query parameter that lets a browser keep a static file until the next build. */
export const CACHE_KEY = "__frsh_c";

/** Adds the build id to a path of this site, so that the file may be kept for good. */
export function asset(path: string): string {
  if (!path.startsWith("/") || path.startsWith("//")) return path;
  const url = new URL(path, "http://localhost");
  if (url.searchParams.has(CACHE_KEY)) return path;
  url.searchParams.set(CACHE_KEY, buildId());
  return url.pathname + url.search + url.hash;
}

/** The same for each address in a `srcset`; a list that is more than addresses stays as it is. */
export function assetSrcSet(srcset: string): string {
  const parts = srcset.split(",");
  if (srcset.includes("(") || parts.some((part) => part.trim() === "")) return srcset;
  return parts.map((part) => part.replace(/\S+/, asset)).join(",");
}

/** Gives images their build id wherever they are created, on the server and in the browser. */
export function keepImages() {
  const previous = options.vnode;
  options.vnode = (vnode) => {
    if (vnode.type === "img" || vnode.type === "source") keepImage(vnode as VNode<ImageProps>);
    previous?.(vnode);
  };
}

interface ImageProps {
  src?: unknown;
  srcset?: unknown;
  "data-fresh-disable-lock"?: unknown;
}

function keepImage({ props }: VNode<ImageProps>) {
  if (props["data-fresh-disable-lock"]) return;
  if (typeof props.src === "string") props.src = asset(props.src);
  if (typeof props.srcset === "string") props.srcset = assetSrcSet(props.srcset);
}
