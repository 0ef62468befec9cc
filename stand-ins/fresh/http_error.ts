import type { ErrorStatus } from "@std/http/status";

/** Thrown to answer with an error status; error pages find it in `ctx.error`. */
export class HttpError extends Error {
  /** The status that the answer gets. */
  status: ErrorStatus;

  /** An empty message stands for the status' reason phrase. */
  constructor(status: ErrorStatus, message?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HttpError";
    this.status = status;
  }
}
