/** The most segments that wait; sorting more of them would take too long. */
const MOST_WAITING = 4_096;

/** A piece of a stream that came before what belongs in front of it. */
interface Waiting {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/**
 * One direction of a TCP connection: puts segments in order, drops what was sent again, and knows
 * when something is missing. Sequence numbers wrap at 2³². Source: RFC 9293 §3.4.
 *
 * ```
 *  … delivered | next … (missing) … | waiting | (missing) | waiting
 * ```
 */
export class TcpStream {
  readonly #maxWaitingBytes: number;
  #next: number | null = null;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #finAt: number | null = null;
  #lost = false;

  constructor(maxWaitingBytes: number) {
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /** Whether bytes are missing for good: the stream can't be read on. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Whether bytes wait for others that haven't come. */
  get incomplete(): boolean {
    return this.#waiting.length > 0;
  }

  /** Whether everything up to the sender's FIN came. */
  get finished(): boolean {
    return this.#finAt !== null && this.#next === this.#finAt;
  }

  /** A SYN: the first byte has the number behind it. */
  begin(sequence: number): void {
    this.#next ??= (sequence + 1) >>> 0;
  }

  /** A FIN behind so many bytes. */
  end(sequence: number): void {
    this.#finAt ??= sequence >>> 0;
  }

  /** Takes a segment's bytes; returns what can be read now, in order. */
  take(sequence: number, bytes: Uint8Array): Uint8Array[] {
    if (bytes.length === 0 || this.#lost) return [];
    // Where the capture began in the middle, the first segment seen is the beginning.
    this.#next ??= sequence;
    const ready = this.#fit({ sequence, bytes });
    if (ready.length === 0) return ready;
    for (let more = true; more;) {
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      const found = waiting.flatMap((piece) => this.#fit(piece));
      more = found.length > 0 && this.#waiting.length > 0;
      ready.push(...found);
    }
    return ready;
  }

  /** The new bytes of a piece, if it reaches the place that is read next; otherwise it waits. */
  #fit({ sequence, bytes }: Waiting): Uint8Array[] {
    const ahead = distance(this.#next as number, sequence);
    if (ahead > 0) {
      this.#wait({ sequence, bytes });
      return [];
    }
    const fresh = bytes.subarray(-ahead);
    if (-ahead >= bytes.length) return [];
    this.#next = ((this.#next as number) + fresh.length) >>> 0;
    return [fresh];
  }

  #wait(piece: Waiting): void {
    const known = this.#waiting.some(({ sequence, bytes }) =>
      sequence === piece.sequence && bytes.length >= piece.bytes.length
    );
    if (known) return;
    this.#waiting.push(piece);
    this.#waiting.sort((a, b) => distance(b.sequence, a.sequence));
    this.#waitingBytes += piece.bytes.length;
    const tooMany = this.#waiting.length > MOST_WAITING;
    if (this.#waitingBytes <= this.#maxWaitingBytes && !tooMany) return;
    this.#lost = true;
    this.#waiting = [];
  }
}

/** How far `to` lies behind `from`, negative where it lies before it. */
function distance(from: number, to: number): number {
  return (to - from) | 0;
}
