import {
  checkDeflateAnswer,
  type DeflateAgreement,
  type Extension,
  headerValues,
  type HttpHead,
  parseExtensions,
} from "../frames/mod.ts";

const HEADER = "Sec-WebSocket-Extensions";

/** The extensions that a head names; none where its header can't be read. */
export function deflateOffers({ headers }: Pick<HttpHead, "headers">): readonly Extension[] {
  return parseExtensions(headerValues(headers, HEADER)) ?? [];
}

/**
 * How both sides compress from the 101 on; `null` where they don't, or where the answer isn't one to
 * what was offered, so that nobody may (RFC 7692 §5.1).
 */
export function deflateAgreement(
  offers: readonly Extension[],
  response: Pick<HttpHead, "headers">,
): DeflateAgreement | null {
  return checkDeflateAnswer(deflateOffers(response), offers).agreement;
}
