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
  /** In one step, so that there is never a listener that `stop` doesn't know. */
  const listensAgain = () => {
    try {
      server = listen(address.port);
      return true;
    } catch {
      return false;
    }
  };
  const finished = (async () => {
    while (!stopped) {
      await server.finished.catch((error) => console.error("Cannot go on listening:", error));
      while (!stopped && !listensAgain()) await delay(RETRY_MS);
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

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
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
