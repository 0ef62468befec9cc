/** Below this share of the limit a list is sent again, so that one at the limit doesn't flicker. */
const RELIST_SHARE = 0.9;

/** What a change of a list's length means for those who follow it. */
export type ListChange = "changes" | "count" | "whole";

/** Decides whether a list is told in full or only its length: above a limit it costs too much. */
export class Listing {
  readonly #limit: number;
  #listed = true;

  /**
   * Starts with a list that is told.
   *
   * @param limit Entries up to which it is; 0 for any number.
   */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether the entries are told at present. */
  get listed(): boolean {
    return this.#listed;
  }

  /** The list has this length now: are its changes told, only its length, or all of it anew? */
  next(length: number): ListChange {
    const was = this.#listed;
    const most = was ? this.#limit : Math.floor(this.#limit * RELIST_SHARE);
    this.#listed = this.#limit === 0 || length <= most;
    if (!this.#listed) return "count";
    return was ? "changes" : "whole";
  }
}
