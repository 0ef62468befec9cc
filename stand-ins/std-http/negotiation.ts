import Negotiator from "negotiator";

type WithHeaders = Pick<Request, "headers">;

/** The media types that the client takes, best first; everything if it doesn't say. */
export function accepts(request: WithHeaders): string[];
/** The best of the offered media types, or undefined if the client takes none of them. */
export function accepts<T extends string = string>(
  request: WithHeaders,
  ...types: T[]
): T | undefined;
export function accepts(request: WithHeaders, ...types: string[]) {
  return choose(request, "accept", types, "*/*", (it, offers) => it.mediaTypes(offers));
}

/** The encodings that the client takes, best first; everything if it doesn't say. */
export function acceptsEncodings(request: WithHeaders): string[];
/** The best of the offered encodings, or undefined if the client takes none of them. */
export function acceptsEncodings<T extends string = string>(
  request: WithHeaders,
  ...encodings: T[]
): T | undefined;
export function acceptsEncodings(request: WithHeaders, ...encodings: string[]) {
  return choose(request, "accept-encoding", encodings, "*", (it, offers) => it.encodings(offers));
}

/** The languages that the client takes, best first; everything if it doesn't say. */
export function acceptsLanguages(request: WithHeaders): string[];
/** The best of the offered languages, or undefined if the client takes none of them. */
export function acceptsLanguages<T extends string = string>(
  request: WithHeaders,
  ...langs: T[]
): T | undefined;
export function acceptsLanguages(request: WithHeaders, ...langs: string[]) {
  return choose(request, "accept-language", langs, "*", (it, offers) => it.languages(offers));
}

function choose(
  request: WithHeaders,
  name: string,
  offers: string[],
  any: string,
  preferred: (negotiator: Negotiator, offers?: string[]) => string[],
): string | string[] | undefined {
  const header = request.headers.get(name);
  if (!header) return offers.length ? offers[0] : [any];
  const negotiator = new Negotiator({ headers: { [name]: header } });
  return offers.length ? preferred(negotiator, offers)[0] : preferred(negotiator);
}
