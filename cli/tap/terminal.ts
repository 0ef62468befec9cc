import { type Paint, paintFor } from "./style.ts";

/** Where a command reads, prints and complains. */
export interface Terminal {
  /** Marks text for standard output. */
  paint: Paint;
  /** Prints lines to standard output; resolves when they are out. */
  print(lines: readonly string[]): Promise<void>;
  /** Says something that isn't the command's result, on standard error. */
  say(text: string): void;
  /** Looks an environment variable up. */
  env(name: string): string | undefined;
  /** Reads all of standard input, up to so many bytes. */
  readInput(limit: number): Promise<Uint8Array>;
}

/** The process's own terminal. */
export function processTerminal(): Terminal {
  const encoder = new TextEncoder();
  return {
    paint: paintFor(Deno.stdout.isTerminal(), Deno.env.get("NO_COLOR")),
    async print(lines) {
      const bytes = encoder.encode(lines.map((line) => line + "\n").join(""));
      for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
    },
    say: (text) => console.error(text),
    env: (name) => Deno.env.get(name),
    readInput: (limit) => readAtMost(Deno.stdin.readable, limit),
  };
}

/** All bytes of a stream; one byte more than the limit where it goes on. */
export async function readAtMost(
  stream: ReadableStream<Uint8Array>,
  limit: number,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stream) {
    pieces.push(piece);
    length += piece.length;
    if (length > limit) break;
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
