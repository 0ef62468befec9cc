/** Each HTTP status by its name. */
export const STATUS_CODE = {
  Continue: 100,
  SwitchingProtocols: 101,
  Processing: 102,
  EarlyHints: 103,
  OK: 200,
  Created: 201,
  Accepted: 202,
  NonAuthoritativeInfo: 203,
  NoContent: 204,
  ResetContent: 205,
  PartialContent: 206,
  MultiStatus: 207,
  AlreadyReported: 208,
  IMUsed: 226,
  MultipleChoices: 300,
  MovedPermanently: 301,
  Found: 302,
  SeeOther: 303,
  NotModified: 304,
  UseProxy: 305,
  TemporaryRedirect: 307,
  PermanentRedirect: 308,
  BadRequest: 400,
  Unauthorized: 401,
  PaymentRequired: 402,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  ProxyAuthRequired: 407,
  RequestTimeout: 408,
  Conflict: 409,
  Gone: 410,
  LengthRequired: 411,
  PreconditionFailed: 412,
  ContentTooLarge: 413,
  URITooLong: 414,
  UnsupportedMediaType: 415,
  RangeNotSatisfiable: 416,
  ExpectationFailed: 417,
  Teapot: 418,
  MisdirectedRequest: 421,
  UnprocessableEntity: 422,
  Locked: 423,
  FailedDependency: 424,
  TooEarly: 425,
  UpgradeRequired: 426,
  PreconditionRequired: 428,
  TooManyRequests: 429,
  RequestHeaderFieldsTooLarge: 431,
  UnavailableForLegalReasons: 451,
  InternalServerError: 500,
  NotImplemented: 501,
  BadGateway: 502,
  ServiceUnavailable: 503,
  GatewayTimeout: 504,
  HTTPVersionNotSupported: 505,
  VariantAlsoNegotiates: 506,
  InsufficientStorage: 507,
  LoopDetected: 508,
  NotExtended: 510,
  NetworkAuthenticationRequired: 511,
} as const;

/** A known status. */
export type StatusCode = typeof STATUS_CODE[keyof typeof STATUS_CODE];

type StartingWith<Digit extends string, Code = StatusCode> = Code extends StatusCode
  ? `${Code}` extends `${Digit}${string}` ? Code : never
  : never;

/** A status from 100 to 199. */
export type InformationalStatus = StartingWith<"1">;
/** A status from 200 to 299. */
export type SuccessfulStatus = StartingWith<"2">;
/** A status from 300 to 399. */
export type RedirectStatus = StartingWith<"3">;
/** A status from 400 to 499. */
export type ClientErrorStatus = StartingWith<"4">;
/** A status from 500 to 599. */
export type ServerErrorStatus = StartingWith<"5">;
/** A status from 400 to 599. */
export type ErrorStatus = ClientErrorStatus | ServerErrorStatus;

/** The reason phrase of each status: its name in words. */
export const STATUS_TEXT: Readonly<Record<StatusCode, string>> = Object.fromEntries(
  Object.entries(STATUS_CODE).map(([name, code]) => [code, inWords(name)]),
) as Record<StatusCode, string>;

function inWords(name: string): string {
  if (name === "Teapot") return "I'm a teapot";
  return name.replace(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, " ");
}

function isWithin(status: number, from: number, to: number): boolean {
  return isStatus(status) && status >= from && status <= to;
}

/** Whether a number is a known status. */
export function isStatus(status: number): status is StatusCode {
  return Object.hasOwn(STATUS_TEXT, status);
}

/** Whether a number is a known status from 100 to 199. */
export function isInformationalStatus(status: number): status is InformationalStatus {
  return isWithin(status, 100, 199);
}

/** Whether a number is a known status from 200 to 299. */
export function isSuccessfulStatus(status: number): status is SuccessfulStatus {
  return isWithin(status, 200, 299);
}

/** Whether a number is a known status from 300 to 399. */
export function isRedirectStatus(status: number): status is RedirectStatus {
  return isWithin(status, 300, 399);
}

/** Whether a number is a known status from 400 to 499. */
export function isClientErrorStatus(status: number): status is ClientErrorStatus {
  return isWithin(status, 400, 499);
}

/** Whether a number is a known status from 500 to 599. */
export function isServerErrorStatus(status: number): status is ServerErrorStatus {
  return isWithin(status, 500, 599);
}

/** Whether a number is a known status from 400 to 599. */
export function isErrorStatus(status: number): status is ErrorStatus {
  return isWithin(status, 400, 599);
}
