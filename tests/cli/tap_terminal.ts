import { type Paint, paintFor } from "@/cli/tap/style.ts";
import type { Terminal } from "@/cli/tap/terminal.ts";

/** A terminal that keeps what is printed. */
export class FakeTerminal implements Terminal {
  readonly lines: string[] = [];
  readonly said: string[] = [];
  readonly paint: Paint;
  input: Uint8Array = new Uint8Array(0);
  readonly #news: (() => void)[] = [];

  constructor({ colour = false } = {}) {
    this.paint = paintFor(colour, undefined);
  }

  /** All that was printed. */
  get text(): string {
    return this.lines.join("\n");
  }

  print(lines: readonly string[]): Promise<void> {
    this.lines.push(...lines.flatMap((line) => line.split("\n")));
    this.#news.splice(0).forEach((tell) => tell());
    return Promise.resolve();
  }

  say(text: string): void {
    this.said.push(text);
  }

  env(_name: string): string | undefined {
    return undefined;
  }

  readInput(): Promise<Uint8Array> {
    return Promise.resolve(this.input);
  }

  /** Waits until a line matches. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = this.lines.find((line) => pattern.test(line));
      if (line !== undefined) return line;
      await new Promise<void>((resolve) => this.#news.push(resolve));
    }
  }
}
