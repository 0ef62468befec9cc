import type { Middleware } from "./types.ts";

/** What `csp` may be told. */
export interface CSPOptions {
  /** Whether breaches are only reported. @default {false} */
  reportOnly?: boolean;
  /** Where breaches are reported to. */
  reportTo?: string;
  /** Directives; each takes the place of the default of the same name. */
  csp?: string[];
  /** Whether pages allow their scripts by a nonce instead of `'unsafe-inline'`. @default {false} */
  useNonce?: boolean;
}

const DEFAULTS = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "img-src 'self' data:",
  "media-src 'self' data: blob:",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "upgrade-insecure-requests",
];

/** The directives in which a nonce means something. */
const INLINE = /^(script-src|style-src|script-src-elem|style-src-elem|style-src-attr|default-src) /;

const nonces = new WeakMap<Response, string>();

/** Keeps a page's nonce for the middleware that writes the header. */
export function rememberNonce(response: Response, nonce: string) {
  nonces.set(response, nonce);
}

/** Sends a content security policy with whatever comes back from `ctx.next()`. */
export function csp<State>(options: CSPOptions = {}): Middleware<State> {
  const { reportOnly = false, reportTo, useNonce = false } = options;
  const header = `Content-Security-Policy${reportOnly ? "-Report-Only" : ""}`;
  const directives = merged(options);
  return async (ctx) => {
    const response = await ctx.next();
    const nonce = useNonce ? nonces.get(response) : undefined;
    const sent = nonce ? directives.map((it) => withNonce(it, nonce)) : directives;
    response.headers.set(header, sent.join("; "));
    if (reportTo) response.headers.set("Reporting-Endpoints", `csp-endpoint="${reportTo}"`);
    return response;
  };
}

function merged({ csp = [], reportTo }: CSPOptions): string[] {
  const nameOf = (directive: string) => directive.split(" ")[0];
  const own = new Set(csp.map(nameOf));
  const reports = reportTo ? ["report-to csp-endpoint", `report-uri ${reportTo}`] : [];
  return [...DEFAULTS.filter((it) => !own.has(nameOf(it))), ...csp, ...reports];
}

function withNonce(directive: string, nonce: string): string {
  if (!INLINE.test(directive)) return directive;
  return directive.replaceAll("'unsafe-inline'", `'nonce-${nonce}'`);
}
