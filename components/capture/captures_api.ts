import type { CaptureLimits, CaptureList, CaptureSummary } from "../../utils.ts";
import { formatBytes, joinReading } from "../format.ts";

const PATH = "/api/captures";

/** Why a file isn't worth sending; `null` if it is. */
export function refusalOf(file: Pick<File, "name" | "size">, limits: CaptureLimits): string | null {
  if (file.size === 0) return `${file.name} is empty.`;
  if (file.size <= limits.maxFileBytes) return null;
  return `${file.name} has ${sizeText(file.size)}; at most ${
    sizeText(limits.maxFileBytes)
  } are taken. ` +
    "Open larger files on the command line: deno task tap read FILE --dashboard";
}

/** Sends a file; resolves with what is in it, rejects with why it isn't taken. */
export async function sendCapture(file: File): Promise<CaptureSummary> {
  const response = await fetch(`${PATH}?name=${encodeURIComponent(file.name.toWellFormed())}`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: file,
  });
  return await answerOf(response);
}

/** Has a capture forgotten. */
export async function removeCapture(id: string): Promise<void> {
  const response = await fetch(`${PATH}/${id}`, { method: "DELETE" });
  // One that is gone already is what was wanted.
  if (!response.ok && response.status !== 404) throw new Error(await reasonIn(response));
}

/** The list of captures as it is now. */
export async function listCaptures(): Promise<CaptureList> {
  return await answerOf(await fetch(PATH, { cache: "no-store" }));
}

async function answerOf<T>(response: Response): Promise<T> {
  if (response.ok) return await response.json();
  throw new Error(await reasonIn(response));
}

async function reasonIn(response: Response): Promise<string> {
  const { error } = await response.json().catch(() => ({ error: undefined }));
  return error ?? `The server answered ${response.status}`;
}

function sizeText(bytes: number): string {
  return joinReading(formatBytes(bytes));
}
