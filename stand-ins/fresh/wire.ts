import { computed, type ReadonlySignal, signal } from "@preact/signals";
import * as devalue from "devalue";
import { type ComponentType, h, isValidElement } from "preact";
import type { Jsx } from "./types.ts";

/** What one island on the page gets. */
export interface IslandData {
  /** Which of the page's island components it is. */
  island: number;
  /** Its props; JSX stands there as a `Slot`. */
  props: Record<string, unknown>;
}

interface SlotProps {
  id: number;
  /** How the slot is shown on this side. */
  render: ComponentType<{ id: number }>;
}

/** Stands for JSX that stays in the page: on the server and in the browser. */
export function Slot({ id, render }: SlotProps): Jsx {
  return h(render, { id });
}

/** Signals pass for JSX in Preact's eyes, so this is asked first. */
export function isSignal(value: unknown): value is ReadonlySignal {
  return typeof value === "object" && value !== null && "peek" in value &&
    typeof value.peek === "function" && "value" in value;
}

/** Only a signal that can be written has a setter. */
function isComputed(value: ReadonlySignal): boolean {
  for (let it: object | null = value; it; it = Object.getPrototypeOf(it)) {
    const property = Object.getOwnPropertyDescriptor(it, "value");
    if (property) return property.set === undefined;
  }
  return false;
}

const REDUCERS = {
  Computed: (value: unknown) => isSignal(value) && isComputed(value) && [value.peek()],
  Signal: (value: unknown) => isSignal(value) && [value.peek()],
  Slot: (value: unknown) => {
    if (isSignal(value) || !isValidElement(value) || !("type" in value)) return false;
    if (value.type === Slot) return [(value as Jsx).props.id];
    throw new Error("Cannot send JSX to an island: only children and props that are one element");
  },
};

/** Writes the page's islands; the same signal or object stays the same on the other side. */
export function stringify(islands: IslandData[]): string {
  return devalue.stringify(islands, REDUCERS);
}

/** Reads them in the browser, where `render` shows the slots. */
export function parse(text: string, render: SlotProps["render"]): IslandData[] {
  return devalue.parse(text, {
    Computed: ([value]: [unknown]) => computed(() => value),
    Signal: ([value]: [unknown]) => signal(value),
    Slot: ([id]: [number]) => h(Slot, { id, render }),
  });
}
