import { isAllowedHost, type RoomServer } from "../../server/mod.ts";
import type { Fetch } from "./built_app.ts";

/** What {@linkcode frontOf} works with. */
export interface FrontParts {
  /** Where `/ws` leads. */
  rooms: RoomServer;
  /** Answers everything else. */
  fetchPage: Fetch;
  /** Hosts that are served; `undefined` for any. */
  allowedHosts: readonly string[] | undefined;
  /** Whether a connection comes from where it should; all do where it is left out. */
  isAllowed?: (address: Deno.NetAddr) => boolean;
}

/** `/ws` goes to the rooms before anything else can touch the request. */
export function frontOf(parts: FrontParts): Deno.ServeHandler<Deno.NetAddr> {
  const { rooms, fetchPage, allowedHosts, isAllowed } = parts;
  return (request, info) => {
    const url = URL.parse(request.url);
    if (url?.pathname === "/ws") return rooms.handler(request, info);
    if (isAllowed?.(info.remoteAddr) === false) {
      return refusal("Cannot serve a connection that did not come through the tap");
    }
    if (url === null || !isAllowedHost(request.headers.get("host"), allowedHosts)) {
      return refusal("Cannot serve this host");
    }
    if (!isDecodable(url.pathname)) return refusal("Cannot read the address", 400);
    return fetchPage(request, info);
  };
}

/** What is answered before there is a front. */
export function notYet(): Response {
  return refusal("Cannot serve yet", 503);
}

/** Fresh decodes paths and doesn't catch what that throws. */
function isDecodable(path: string): boolean {
  try {
    decodeURI(path);
    return true;
  } catch {
    return false;
  }
}

function refusal(message: string, status = 403): Response {
  return new Response(`${message}\n`, { status, headers: { connection: "close" } });
}
