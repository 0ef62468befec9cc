import type { ConnectionObserver } from "../protocol/mod.ts";
import type { CaptureRing } from "./capture_ring.ts";
import type { TapConnection } from "./connection.ts";
import type { TapLimits } from "./limits.ts";

/** What a connection needs of the tap it belongs to. */
export interface ConnectionHost {
  readonly target: { readonly hostname: string; readonly port: number };
  readonly guards: boolean;
  readonly redacts: boolean;
  readonly limits: TapLimits;
  readonly ring: CaptureRing;
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
