import { assertEquals } from "@std/assert";
import { signal } from "@preact/signals";
import { Store } from "../../client/observable.ts";

Deno.test("a subscriber gets the current value at once and then each new one", () => {
  const store = new Store(1, () => {});
  const seen: number[] = [];
  const unsubscribe = store.subscribe((value) => seen.push(value));
  store.set(2);
  unsubscribe();
  unsubscribe();
  store.set(3);
  assertEquals([seen, store.value], [[1, 2], 3]);
});

Deno.test("the same function can subscribe twice", () => {
  const store = new Store(1, () => {});
  let calls = 0;
  const count = () => calls++;
  const first = store.subscribe(count);
  store.subscribe(count);
  first();
  store.set(2);
  assertEquals(calls, 3);
});

Deno.test("a subscriber that throws is reported, and the others hear", () => {
  const reports: string[] = [];
  const store = new Store(1, (error, source) => reports.push(`${source}: ${error}`));
  const seen: number[] = [];
  store.subscribe(() => {
    throw "oops";
  });
  store.subscribe((value) => seen.push(value));
  store.set(2);
  assertEquals(seen, [1, 2]);
  assertEquals(reports, ["a subscriber: oops", "a subscriber: oops"]);
});

Deno.test("a value that is set by a subscriber reaches everybody once, and last", () => {
  const store = new Store(1, () => {});
  const seen: number[] = [];
  store.subscribe((value) => {
    if (value === 2) store.set(3);
  });
  store.subscribe((value) => seen.push(value));
  store.set(2);
  assertEquals([seen, store.value], [[1, 3], 3]);
});

Deno.test("a signal is made of it in one line", () => {
  const store = new Store("idle", () => {});
  const status = signal(store.value);
  store.subscribe((value) => status.value = value);
  store.set("connected");
  assertEquals(status.value, "connected");
});
