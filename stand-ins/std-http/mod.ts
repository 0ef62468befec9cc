/**
 * Stands in for `@std/http` where the JSR registry can't be reached: cookies, entity tags, status
 * codes and content negotiation, with the same names and the same behaviour.
 *
 * @module
 */
export * from "./cookie.ts";
export * from "./etag.ts";
export * from "./negotiation.ts";
export * from "./status.ts";
