import type { ConnectionObserver } from "../protocol/mod.ts";
import type { CaptureJournal } from "./capture_journal.ts";
import type { CaptureRing } from "./capture_ring.ts";
import type { TapConnection } from "./connection.ts";
import type { FaultRule } from "./faults.ts";
import type { TapLimits } from "./limits.ts";
import type { TapTarget } from "./target.ts";

/** What a connection needs of the tap it belongs to. */
export interface ConnectionHost {
  readonly target: TapTarget;
  readonly guards: boolean;
  readonly redacts: boolean;
  /** Whether the server gets its own authority as the Host of requests. */
  readonly rewritesHost: boolean;
  readonly limits: TapLimits;
  /** What is done to frames and bytes on purpose; empty for nothing. */
  readonly faults: readonly FaultRule[];
  readonly seed: number;
  readonly ring: CaptureRing;
  readonly journal: CaptureJournal;
  readonly observer: ConnectionObserver | null;
  /** Gives out the next connection number. */
  numberOf(connection: TapConnection): string;
  /** An inner connection exists, from this port; called before it carries a byte. */
  innerOpened(port: number, connection: TapConnection): void;
  /** An inner connection is gone. */
  innerClosed(port: number, connection: TapConnection): void;
  /** A connection's handshake is unfinished now, or isn't any more. */
  unfinishedChanged(by: 1 | -1): void;
}
