/** What a header is for, and where that is written. */
export interface HeaderMeaning {
  meaning: string;
  section: string;
}

/** Headers that the handshake is about: RFC 6455's own, and those that it gives a meaning. */
const HANDSHAKE: Readonly<Record<string, HeaderMeaning>> = {
  "host": { meaning: "the server as the client knows it", section: "§4.1" },
  "upgrade": { meaning: "asks for another protocol on this connection", section: "§4.1" },
  "connection": { meaning: "Upgrade is for this hop, not for one behind a proxy", section: "§4.1" },
  "origin": {
    meaning: "the page that opens the connection; only browsers send it",
    section: "§10.2",
  },
  "sec-websocket-key": {
    meaning: "16 random bytes: proof that the answer is to this",
    section: "§11.3.1",
  },
  "sec-websocket-version": { meaning: "the protocol’s version, 13 since 2011", section: "§11.3.5" },
  "sec-websocket-protocol": { meaning: "subprotocols offered; one is chosen", section: "§11.3.4" },
  "sec-websocket-extensions": {
    meaning: "extensions offered; some are agreed on",
    section: "§11.3.2",
  },
  "sec-websocket-accept": {
    meaning: "made from the key: the server speaks WebSocket",
    section: "§11.3.3",
  },
};

/** Other headers that often stand in a handshake. */
const COMMON: Readonly<Record<string, HeaderMeaning>> = {
  "user-agent": { meaning: "the client’s name for itself", section: "RFC 9110 §10.1.5" },
  "cookie": { meaning: "what the server has set before", section: "RFC 6265 §5.4" },
  "set-cookie": { meaning: "for the browser to keep", section: "RFC 6265 §5.2" },
  "authorization": { meaning: "credentials", section: "RFC 9110 §11.6.2" },
  "www-authenticate": { meaning: "which credentials are asked for", section: "RFC 9110 §11.6.1" },
  "accept": { meaning: "media types that the client takes", section: "RFC 9110 §12.5.1" },
  "accept-encoding": { meaning: "content codings; none is used here", section: "RFC 9110 §12.5.3" },
  "accept-language": { meaning: "the person’s languages", section: "RFC 9110 §12.5.4" },
  "cache-control": { meaning: "no cache may answer", section: "RFC 9111 §5.2" },
  "pragma": { meaning: "the same for HTTP/1.0", section: "RFC 9111 §5.4" },
  "content-length": { meaning: "bytes of the body that follows", section: "RFC 9110 §8.6" },
  "content-type": { meaning: "what the body is", section: "RFC 9110 §8.3" },
  "transfer-encoding": { meaning: "how the body is framed", section: "RFC 9112 §6.1" },
  "date": { meaning: "when the server made the answer", section: "RFC 9110 §6.6.1" },
  "server": { meaning: "the server’s name for itself", section: "RFC 9110 §10.2.4" },
  "vary": { meaning: "headers that the answer depends on", section: "RFC 9110 §12.5.5" },
  "via": { meaning: "a proxy stands between", section: "RFC 9110 §7.6.3" },
  "forwarded": { meaning: "what a proxy says of the client", section: "RFC 7239 §4" },
  "x-forwarded-for": { meaning: "the client’s address, as a proxy says", section: "custom" },
  "x-forwarded-proto": { meaning: "the client’s scheme, as a proxy says", section: "custom" },
  "x-forwarded-host": { meaning: "the client’s Host, as a proxy says", section: "custom" },
};

const FETCH_METADATA: HeaderMeaning = {
  meaning: "what the browser says of the page’s relation to the server",
  section: "Fetch Metadata",
};
const UNKNOWN: HeaderMeaning = { meaning: "no part of the handshake", section: "" };

/** What a header means here. */
export function meaningOf(name: string): HeaderMeaning {
  const key = name.toLowerCase();
  const known = [HANDSHAKE, COMMON].find((table) => Object.hasOwn(table, key))?.[key];
  if (known !== undefined) return known;
  return key.startsWith("sec-fetch-") ? FETCH_METADATA : UNKNOWN;
}

/** Whether a header is one that the handshake is about. */
export function isOfHandshake(name: string): boolean {
  return Object.hasOwn(HANDSHAKE, name.toLowerCase());
}
