import { parseArgs } from "node:util";

/** How much load, and for how long. */
export interface LoadOptions {
  /** Connected clients. */
  clients: number;
  /** Rooms; the clients are spread evenly. */
  rooms: number;
  /** Publishes a second in all. */
  rate: number;
  /** How long to publish. */
  seconds: number;
  /** Whether the dashboard is open meanwhile. */
  browser: boolean;
  /** Flags for the start command. */
  server: string[];
}

const INTEGERS = { clients: 1_000, rooms: 100, rate: 500, seconds: 60 };

/** Reads the flags; what stands behind `--` is for the start command. */
export function loadOptions(args: readonly string[]): LoadOptions {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const { values } = parseArgs({
    args: [...own],
    options: {
      clients: { type: "string" },
      rooms: { type: "string" },
      rate: { type: "string" },
      seconds: { type: "string" },
      "no-browser": { type: "boolean" },
    },
  });
  const integer = (name: keyof typeof INTEGERS) => Number(values[name] ?? INTEGERS[name]);
  return {
    clients: integer("clients"),
    rooms: integer("rooms"),
    rate: integer("rate"),
    seconds: integer("seconds"),
    browser: values["no-browser"] !== true,
    server: end < 0 ? [] : args.slice(end + 1),
  };
}
