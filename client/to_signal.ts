import type { Observable } from "./observable.ts";

/**
 * Makes a signal that follows an observable, with the signals library that is given: Preact's, or
 * any other whose `signal(value)` returns something with a settable `value`.
 *
 * @param observable What to follow, as long as it lives.
 * @param signal Makes a signal of a value.
 * @returns The signal; only read it.
 *
 * @example With Preact's
 * ```ts
 * import { effect, signal } from "@preact/signals";
 * import { RoomClient, toSignal } from "@roomscope/roomscope/client";
 * import { assertEquals } from "@std/assert";
 *
 * const client = new RoomClient("ws://localhost:8000/ws");
 * const state = toSignal(client.state, signal);
 * const seen: string[] = [];
 * effect(() => void seen.push(state.value.status));
 * await client.close();
 * assertEquals(seen, ["idle", "stopped"]);
 * ```
 */
export function toSignal<T, S extends { value: T }>(
  observable: Observable<T>,
  signal: (value: T) => S,
): S {
  const made = signal(observable.value);
  observable.subscribe((value) => made.value = value);
  return made;
}
