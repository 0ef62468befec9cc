/** How long to wait before trying again to listen. */
const RETRY_MS = 50;
/** How long stopping may take before what still runs is left behind. */
const STOP_MS = 2_000;

/** A server that listens until it is stopped. */
export interface KeptServer {
  /** Where it listens. */
  address: Deno.NetAddr;
  /** Ends it, in two seconds at most. */
  stop(): Promise<void>;
}

/**
 * Serves, and goes on after the listener died: `Deno.serve` ends when file descriptors run out
 * (deno-facts §1a), while open connections live on.
 *
 * @param options Where to listen.
 * @param handler What answers.
 * @throws {Deno.errors.AddrInUse} If the port is taken.
 */
export function keepServing(
  options: { hostname: string; port: number },
  handler: Deno.ServeHandler<Deno.NetAddr>,
): KeptServer {
  let stopped = false;
  const listen = (port: number) =>
    Deno.serve({ ...options, port, onListen() {}, onError: answerError }, handler);
  let server = listen(options.port);
  const address = server.addr;
  const finished = (async () => {
    while (!stopped) {
      await server.finished.catch((error) => console.error("Cannot go on listening:", error));
      const next = await listenAgain(() => listen(address.port), () => stopped);
      if (next !== null) server = next;
    }
  })();
  return {
    address,
    async stop() {
      stopped = true;
      await withDeadline(Promise.all([server.shutdown(), finished]), STOP_MS);
    },
  };
}

/** Tries until it listens or is stopped: what kept the listener up once will do so again. */
async function listenAgain<T>(listen: () => T, isStopped: () => boolean): Promise<T | null> {
  while (!isStopped()) {
    try {
      return listen();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  return null;
}

/** `shutdown()` hangs on a stalled socket (deno-facts §1e). */
async function withDeadline(work: Promise<unknown>, milliseconds: number): Promise<void> {
  const deadline = Promise.withResolvers<void>();
  const timer = setTimeout(deadline.resolve, milliseconds);
  await Promise.race([work, deadline.promise]).finally(() => clearTimeout(timer));
}

function answerError(error: unknown): Response {
  console.error("Cannot answer:", error);
  return new Response("Internal server error\n", { status: 500 });
}
