const PAGE_BYTES = 4_096;
/** Clock ticks a second (`getconf CLK_TCK`): 100 on every Linux that Deno runs on. */
const TICKS_PER_SECOND = 100;

/** A process's memory and processor time, sampled every second. */
export class ProcessSamples implements Disposable {
  readonly #pid: number;
  readonly #resident: number[] = [];
  readonly #beganAt = performance.now();
  readonly #ticksBefore: number;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(pid: number) {
    this.#pid = pid;
    this.#ticksBefore = this.#ticks();
    this.#timer = setInterval(() => this.#resident.push(this.#residentBytes()), 1_000);
  }

  /** Bytes of resident memory, one number a second. */
  get resident(): readonly number[] {
    return this.#resident;
  }

  /** Share of one core since the beginning. */
  processorShare(): number {
    const seconds = (performance.now() - this.#beganAt) / 1_000;
    return (this.#ticks() - this.#ticksBefore) / TICKS_PER_SECOND / seconds;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #residentBytes(): number {
    return Number(Deno.readTextFileSync(`/proc/${this.#pid}/statm`).split(" ")[1]) * PAGE_BYTES;
  }

  /** proc(5): utime and stime are fields 14 and 15, counted from the state, which is field 3. */
  #ticks(): number {
    const fields = Deno.readTextFileSync(`/proc/${this.#pid}/stat`).split(") ")[1].split(" ");
    return Number(fields[11]) + Number(fields[12]);
  }
}

/** How memory went after the first ten seconds. */
export interface MemoryTrend {
  /** Mean of seconds 10 to 14, in bytes. */
  settled: number;
  /** Mean of the last five seconds, in bytes. */
  end: number;
  /** Largest of all, in bytes. */
  most: number;
  /** Bytes a minute, by least squares from second 10 on. */
  slope: number;
}

const SETTLED_AFTER = 10;
const MEAN_OF = 5;

/** Reads the trend out of samples taken every second. */
export function memoryTrend(samples: readonly number[]): MemoryTrend {
  const later = samples.slice(SETTLED_AFTER);
  return {
    settled: mean(later.slice(0, MEAN_OF)),
    end: mean(later.slice(-MEAN_OF)),
    most: Math.max(...samples),
    slope: slope(later) * 60,
  };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

function slope(numbers: readonly number[]): number {
  const middle = (numbers.length - 1) / 2;
  const average = mean(numbers);
  const products = numbers.reduce((sum, one, i) => sum + (i - middle) * (one - average), 0);
  return products / numbers.reduce((sum, _, i) => sum + (i - middle) ** 2, 0);
}
