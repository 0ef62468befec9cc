/** What went wrong with deliveries. */
export interface Faults {
  /** Messages that a member should have seen and didn't. */
  lost: number;
  /** Messages that a member saw again. */
  duplicated: number;
  /** Messages that a member saw behind a later one. */
  reordered: number;
  /** Messages that two members saw differently in one place. */
  different: number;
}

/** What the members of one room saw, message by message. */
export class RoomLog {
  /** What stands at each place; the first member to see it says so. */
  readonly #contents = new Map<number, string>();
  readonly #members: MemberLog[] = [];
  different = 0;

  /** One more member, that sees everything from here on. */
  addMember(): MemberLog {
    const member = new MemberLog((seq, content) => this.#compare(seq, content));
    this.#members.push(member);
    return member;
  }

  /** The last place that anyone saw. */
  get last(): number {
    return Math.max(0, ...this.#members.map(({ last }) => last));
  }

  /** Whether every member has seen so many messages. */
  isComplete(count: number): boolean {
    return this.#members.every(({ distinct }) => distinct >= count);
  }

  /** What went wrong, given how many messages were published. */
  faults(published: number): Faults {
    const sum = (count: (member: MemberLog) => number) =>
      this.#members.reduce((total, member) => total + count(member), 0);
    return {
      lost: sum(({ distinct }) => Math.max(0, published - distinct)),
      duplicated: sum(({ duplicated }) => duplicated),
      reordered: sum(({ reordered }) => reordered),
      different: this.different,
    };
  }

  #compare(seq: number, content: string): void {
    const known = this.#contents.get(seq);
    if (known === undefined) this.#contents.set(seq, content);
    else if (known !== content) this.different += 1;
  }
}

/** What one member saw: others' messages, and its own as acknowledgements. */
export class MemberLog {
  readonly #seen = new Set<number>();
  readonly #compare: (seq: number, content: string) => void;
  last = 0;
  duplicated = 0;
  reordered = 0;

  constructor(compare: (seq: number, content: string) => void) {
    this.#compare = compare;
  }

  get distinct(): number {
    return this.#seen.size;
  }

  /** The member saw what stands at a place. */
  saw(seq: number, content: string): void {
    this.#compare(seq, content);
    if (this.#seen.has(seq)) this.duplicated += 1;
    else if (seq < this.last) this.reordered += 1;
    this.#seen.add(seq);
    this.last = Math.max(this.last, seq);
  }
}
