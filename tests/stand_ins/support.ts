import { fileURLToPath as fromFileUrl } from "node:url";

/** The folder of the small project that these tests build. */
export const FIXTURE = fromFileUrl(new URL("fixture", import.meta.url));

/** What `App.handler()` makes. */
export type Handler = (req: Request, info?: Deno.ServeHandlerInfo) => Promise<Response>;

/** Asks a handler for a path of localhost. */
export function ask(handler: Handler, path: string, init?: RequestInit): Promise<Response> {
  return handler(new Request(`http://localhost${path}`, init));
}

/** An answer's status and text. */
export async function answer(handler: Handler, path: string, init?: RequestInit) {
  const response = await ask(handler, path, init);
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** Runs with `console.error` collected instead of printed. */
export async function collectErrors<T>(
  run: () => Promise<T>,
): Promise<{ result: T; logged: number }> {
  const { error } = console;
  let logged = 0;
  console.error = () => void logged++;
  try {
    return { result: await run(), logged };
  } finally {
    console.error = error;
  }
}

/** The text of the element with this id, as it stands in the markup. */
export function textOf(html: string, id: string): string | undefined {
  return html.match(new RegExp(`id="${id}"[^>]*>([^<]*)<`))?.[1]
    .replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&amp;", "&");
}

/** The start tag of the element with this id. */
export function tagOf(html: string, id: string): string {
  return html.match(new RegExp(`<[^>]*id="${id}"[^>]*>`))?.[0] ?? "";
}
