import { assert, assertEquals } from "@std/assert";
import {
  isAtEnd,
  MAX_ROWS_IN_DOM,
  scrollToShow,
  windowRange,
} from "../../components/list/window_range.ts";

const LIST = { scrollTop: 0, viewport: 300, rowHeight: 30, count: 1_000, overscan: 2 };

Deno.test("only the rows in sight are drawn, with a few beyond", () => {
  assertEquals(windowRange(LIST), { first: 0, end: 13, before: 0, after: 29_610 });
  assertEquals(windowRange({ ...LIST, scrollTop: 600 }), {
    first: 18,
    end: 33,
    before: 540,
    after: 29_010,
  });
});

Deno.test("the end of a list", () => {
  const { first, end, after } = windowRange({ ...LIST, scrollTop: 29_700 });
  assertEquals([end, after], [1_000, 0]);
  assert(first < 990);
});

Deno.test("a list that has become shorter than where it stood", () => {
  assertEquals(windowRange({ ...LIST, scrollTop: 29_700, count: 5 }), {
    first: 0,
    end: 5,
    before: 0,
    after: 0,
  });
  assertEquals(windowRange({ ...LIST, count: 0 }), { first: 0, end: 0, before: 0, after: 0 });
});

Deno.test("however high the window, the document has a hundred rows at most", () => {
  const { first, end } = windowRange({ ...LIST, viewport: 9_000 });
  assertEquals(end - first, MAX_ROWS_IN_DOM);
});

Deno.test("at the end means within a row of it", () => {
  assert(isAtEnd(690, 300, 1_000));
  assert(!isAtEnd(600, 300, 1_000));
});

Deno.test("showing a row scrolls as little as possible", () => {
  const at = { ...LIST, scrollTop: 600 };
  assertEquals(scrollToShow(5, at), 150);
  assertEquals(scrollToShow(25, at), 600);
  assertEquals(scrollToShow(30, at), 630);
});
