import { type MetricsReport, parseMetricsReport } from "../protocol/mod.ts";

/** Bytes that a report may have. */
const MAX_REPORT_BYTES = 65_536;
/** How long a report may take to come in, in milliseconds. */
const BODY_TIMEOUT_MS = 10_000;
/** How many senders' reports are kept. */
const MAX_SENDERS = 100;

/** A report as it is kept. */
export interface ReceivedReport {
  /** When it came, in milliseconds since the Unix epoch. */
  receivedAt: number;
  /** What it says. */
  report: MetricsReport;
}

/**
 * Receives what `MetricsReporter`s send, and keeps the last report of each of the last 100 senders.
 *
 * @example
 * ```ts
 * import { ReportInbox } from "@roomscope/roomscope/server";
 * import { assertEquals } from "@std/assert";
 *
 * const inbox = new ReportInbox();
 * const request = new Request("http://localhost/", { method: "POST", body: "hello" });
 * assertEquals((await inbox.receive(request)).status, 415);
 * assertEquals(inbox.reports(), []);
 * ```
 */
export class ReportInbox {
  /** By sender, the one that was heard of least lately first. */
  readonly #latest = new Map<string, ReceivedReport>();
  readonly #mayReport: (request: Request) => boolean;

  /**
   * Starts empty.
   *
   * @param mayReport Whether a request's sender may report; everybody where it is left out.
   */
  constructor(mayReport: (request: Request) => boolean = () => true) {
    this.#mayReport = mayReport;
  }

  /**
   * Takes one report.
   *
   * @param request The `POST`, with a JSON body of at most 64 KiB.
   * @returns 204, or JSON with what is wrong: 400 for what is no report or comes too slowly, 401
   * without permission, 405, 413, 415. Never rejects.
   */
  async receive(request: Request): Promise<Response> {
    if (request.method !== "POST") return refusal(405, "Only POST is taken", { allow: "POST" });
    if (!this.#mayReport(request)) {
      return refusal(401, "The token is missing or wrong", { "www-authenticate": "Bearer" });
    }
    // A page of another origin can't send this type without asking, and isn't allowed to.
    if (!/^application\/json\s*(;|$)/i.test(request.headers.get("content-type") ?? "")) {
      return refusal(415, "The report must be application/json");
    }
    const text = await bodyOf(request);
    if (text === TOO_LARGE) return refusal(413, `The report has over ${MAX_REPORT_BYTES} bytes`);
    if (text === UNREADABLE) return refusal(400, "The report can't be read");
    const result = parseMetricsReport(text);
    if (!result.ok) return refusal(400, result.error);
    this.#keep(result.report);
    return new Response(null, { status: 204 });
  }

  /** The last report of each sender, the latest first. */
  reports(): ReceivedReport[] {
    return [...this.#latest.values()].reverse();
  }

  #keep(report: MetricsReport): void {
    this.#latest.delete(report.instance);
    this.#latest.set(report.instance, { receivedAt: Date.now(), report });
    if (this.#latest.size <= MAX_SENDERS) return;
    const [oldest] = this.#latest.keys();
    this.#latest.delete(oldest);
  }
}

const TOO_LARGE = Symbol("too large");
const UNREADABLE = Symbol("unreadable");

/** The length that the head says is checked first; what comes is counted all the same. */
async function bodyOf(request: Request): Promise<string | typeof TOO_LARGE | typeof UNREADABLE> {
  const { body, headers } = request;
  if (Number(headers.get("content-length")) > MAX_REPORT_BYTES) {
    await body?.cancel().catch(() => {});
    return TOO_LARGE;
  }
  if (body === null) return "";
  const reader = body.getReader();
  const timer = setTimeout(() => reader.cancel().catch(() => {}), BODY_TIMEOUT_MS);
  try {
    return await readText(reader);
  } catch {
    return UNREADABLE;
  } finally {
    clearTimeout(timer);
  }
}

async function readText(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<string | typeof TOO_LARGE> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    bytes += read.value.length;
    if (bytes > MAX_REPORT_BYTES) {
      await reader.cancel();
      return TOO_LARGE;
    }
    text += decoder.decode(read.value, { stream: true });
  }
  return text + decoder.decode();
}

function refusal(status: number, error: string, headers: Record<string, string> = {}): Response {
  return Response.json({ error }, { status, headers });
}
