/**
 * What builds a project and serves it for development.
 *
 * @module
 */
export { Builder, type BuildOptions, type ListenOptions } from "./builder.ts";
