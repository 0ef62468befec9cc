import type { Tap } from "../../tap/mod.ts";
import { FlagError, type FlagSpec, type FlagValues } from "../flags.ts";
import { CommandFailure } from "./failure.ts";

/** The dashboard's flags. */
export const DASHBOARD_FLAGS: Readonly<Record<string, FlagSpec>> = {
  "dashboard": { kind: "boolean", help: "Open the dashboard on this machine and say where" },
  "dashboard-port": {
    kind: "integer",
    value: "N",
    help: "Its port, 0 for a free one [8000 or the next free one]",
    range: [0, 65_535],
  },
};

/** A capture file that the dashboard shows from the beginning. */
export interface DashboardFile {
  /** Its name. */
  name: string;
  /** Its bytes. */
  source: AsyncIterable<Uint8Array>;
}

/** What the dashboard is opened on. */
export interface DashboardOptions {
  /** Its port; left out: 8000 or the next free one. */
  port: number | undefined;
  /** The tap, what it stands before, where clients connect, and the seed of its faults, where there are some. */
  tap: { tap: Tap; target: string; address: string; faultSeed?: number } | null;
  /** Files that are shown. */
  files: DashboardFile[];
  /** Says what takes a while. */
  say(text: string): void;
}

/** A dashboard that is open. */
export interface OpenedDashboard extends AsyncDisposable {
  /** Where it is. */
  url: string;
}

/** Opens a dashboard. */
export type OpenDashboard = (options: DashboardOptions) => Promise<OpenedDashboard>;

/** Whether flags ask for the dashboard, and on which port. */
export function dashboardOf(flags: FlagValues): { port: number | undefined } | null {
  const port = flags["dashboard-port"] as number | undefined;
  if (flags.dashboard === true) return { port };
  if (port === undefined) return null;
  throw new FlagError("Cannot use --dashboard-port: --dashboard is missing");
}

/**
 * Finds the dashboard. Its pages are no part of the JSR package, so the name is computed and the
 * file may not be there.
 *
 * @throws {CommandFailure} If it isn't there.
 */
export async function findDashboard(
  file: URL = new URL("../../dashboard.ts", import.meta.url),
): Promise<OpenDashboard> {
  const isHere = file.protocol === "file:" && await Deno.stat(file).then(() => true, () => false);
  if (!isHere) {
    throw new CommandFailure(
      "Cannot open the dashboard: its pages are not part of this package. Clone Roomscope's " +
        "repository and run the same flags there: deno task tap … --dashboard",
    );
  }
  const { openDashboard } = await import(file.href);
  return openDashboard;
}
