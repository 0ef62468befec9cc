/**
 * What pages and islands may use on both sides.
 *
 * @module
 */
export { asset, assetSrcSet } from "./asset.ts";
export { HttpError } from "./http_error.ts";

/** Whether the code runs in a browser. */
export const IS_BROWSER: boolean = typeof document !== "undefined";
