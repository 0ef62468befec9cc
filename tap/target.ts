import type { NetConn } from "./relay.ts";

/** The server that a tap stands in front of. */
export interface TapTarget {
  /** Name or address of its host. */
  hostname: string;
  /** Its port, 1 to 65535. */
  port: number;
  /**
   * How to speak TLS to it (`wss://`).
   *
   * @default none: plain TCP
   */
  tls?: TargetTls;
}

/** What holds for TLS to a target. */
export interface TargetTls {
  /**
   * Certificates in PEM that are trusted besides the system's.
   *
   * @default none
   */
  caCerts?: string[];
  /**
   * Whether a certificate for another name is taken. Its chain is checked all the same: Deno leaves
   * that out only for the whole process (`--unsafely-ignore-certificate-errors`).
   *
   * @default false
   */
  anyName?: boolean;
}

/** Connects to a target; with TLS its handshake is done too. */
export async function dialTarget({ hostname, port, tls }: TapTarget): Promise<NetConn> {
  if (!tls) return await Deno.connect({ hostname, port });
  const { caCerts, anyName = false } = tls;
  const conn = await Deno.connectTls({
    hostname,
    port,
    ...(caCerts === undefined ? {} : { caCerts }),
    unsafelyDisableHostnameVerification: anyName,
  });
  try {
    await conn.handshake();
    return conn;
  } catch (error) {
    conn.close();
    throw error;
  }
}
