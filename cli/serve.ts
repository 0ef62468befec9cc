/** How long to wait before listening again after the listener died. */
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
      if (!stopped) server = await listenAgain(() => listen(address.port), () => stopped, server);
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

async function listenAgain<T>(listen: () => T, isStopped: () => boolean, last: T): Promise<T> {
  while (!isStopped()) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    try {
      return listen();
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse || isOutOfDescriptors(error))) throw error;
    }
  }
  return last;
}

function isOutOfDescriptors(error: unknown): boolean {
  return error instanceof Error && /too many open files/i.test(error.message);
}

/** `shutdown()` hangs on a stalled socket (deno-facts §1e). */
async function withDeadline(work: Promise<unknown>, milliseconds: number): Promise<void> {
  const deadline = Promise.withResolvers<void>();
  const timer = setTimeout(deadline.resolve, milliseconds);
  await Promise.race([work, deadline.promise]);
  clearTimeout(timer);
}

function answerError(error: unknown): Response {
  console.error("Cannot answer:", error);
  return new Response("Internal server error\n", { status: 500 });
}
