import { Fragment, h } from "preact";
import { jsxTemplate } from "preact/jsx-runtime";
import { rememberNonce } from "./csp.ts";
import { PageRender, scriptsAlone } from "./render.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Jsx } from "./types.ts";

interface DocumentOptions {
  url: URL;
  snapshot: Snapshot | null;
  init: ResponseInit;
}

/**
 * Renders the page and then the wrapper, which gets the page's text through `setContent`. What a
 * page sets while it renders, such as a title in the state, is known to the wrapper.
 */
export function renderDocument(
  page: Jsx | null,
  wrapper: Jsx | null,
  setContent: (content: Jsx) => void,
  { url, snapshot, init }: DocumentOptions,
): Response {
  const render = new PageRender(url, snapshot);
  let html = render.toText(page ?? h(Fragment, null));
  if (wrapper) {
    setContent(jsxTemplate([html]));
    html = render.toText(wrapper);
  }
  const headers = new Headers(init.headers);
  headers.set("content-type", "text/html; charset=utf-8");
  const text = `<!DOCTYPE html>${completed(html, render)}`;
  if (render.islands.size > 0) headers.append("link", preloads(render));
  const response = new Response(text, { ...init, headers });
  rememberNonce(response, render.nonce);
  return response;
}

/** Adds the document's tags that nobody has rendered. */
function completed(html: string, render: PageRender): string {
  const { tags } = render;
  if (!tags.has("body")) html = `<body>${html}${render.toText(scriptsAlone())}</body>`;
  if (!tags.has("head")) html = `<head><meta charset="utf-8"></head>${html}`;
  return tags.has("html") ? html : `<html>${html}</html>`;
}

function preloads({ islands, snapshot }: PageRender): string {
  const files = new Set([snapshot!.clientEntry, ...[...islands].map(({ file }) => file)]);
  return [...files].map((file) => `<${encodeURI(file)}>; rel="modulepreload"; as="script"`).join(
    ", ",
  );
}
