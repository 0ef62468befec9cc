import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { isAtEnd, scrollToShow, type WindowRange, windowRange } from "./window_range.ts";

/** A windowed list as its component sees it. */
export interface ListWindow {
  /** For the element that scrolls. */
  scroller: RefObject<HTMLDivElement>;
  /** For its `onScroll`. */
  onScroll: () => void;
  /** Which rows to draw. */
  range: WindowRange;
  /** Scrolls so that a row can be seen. */
  show: (row: number) => void;
}

/** How a windowed list behaves. */
export interface ListWindowOptions {
  /** Number of rows. */
  count: number;
  /** Height of every row in pixels. */
  rowHeight: number;
  /** Height of a head that sticks to the top of what scrolls. @default 0 */
  headHeight?: number;
  /** Whether the list stays at its end as it grows. @default false */
  follow?: boolean;
  /** Called when scrolling by hand reaches or leaves the end. */
  onFollow?: (follow: boolean) => void;
}

const FIRST_VIEWPORT = 420;

/** Draws only the rows in sight. */
export function useWindow(options: ListWindowOptions): ListWindow {
  const { count, rowHeight, headHeight = 0, follow = false, onFollow } = options;
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ scrollTop: 0, viewport: FIRST_VIEWPORT });
  const end = Math.max(0, count * rowHeight - view.viewport);

  const measure = () => {
    const element = scroller.current;
    if (element !== null) {
      setView({ scrollTop: element.scrollTop, viewport: element.clientHeight - headHeight });
    }
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(measure);
    if (scroller.current !== null) observer.observe(scroller.current);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (follow && element !== null) element.scrollTop = element.scrollHeight;
  }, [follow, count, view.viewport]);

  return {
    scroller,
    range: windowRange({
      // A list that follows knows where it will stand: no second rendering after the scroll.
      scrollTop: follow ? end : view.scrollTop,
      viewport: view.viewport,
      rowHeight,
      count,
    }),
    onScroll: () => {
      const element = scroller.current;
      if (element === null) return;
      measure();
      onFollow?.(isAtEnd(element.scrollTop, element.clientHeight, element.scrollHeight));
    },
    show: (row) => {
      const element = scroller.current;
      if (element === null) return;
      element.scrollTop = scrollToShow(row, {
        scrollTop: element.scrollTop,
        viewport: element.clientHeight - headHeight,
        rowHeight,
        count,
      });
    },
  };
}
