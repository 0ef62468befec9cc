/** How long to wait before trying again to listen. */
const RETRY_MS = 50;
/** How long stopping may take before what still runs is left behind. */
const STOP_MS = 2_000;

/** Where {@linkcode keepServing} listens. */
export interface ServeOptions {
  hostname: string;
  /** 0 for a free one. */
  port: number;
  /** Told what failed; standard error where it is left out. */
  failed?: (what: string, error: unknown) => void;
}

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
 * @param options Where to listen, and who is told of failures.
 * @param handler What answers.
 * @throws {Deno.errors.AddrInUse} If the port is taken.
 */
export function keepServing(
  options: ServeOptions,
  handler: Deno.ServeHandler<Deno.NetAddr>,
): KeptServer {
  const { hostname, failed = (what, error) => console.error(`Cannot ${what}:`, error) } = options;
  const onError = (error: unknown) => {
    failed("answer", error);
    return new Response("Internal server error\n", { status: 500 });
  };
  let stopped = false;
  const listen = (port: number) => Deno.serve({ hostname, port, onListen() {}, onError }, handler);
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
      await server.finished.catch((error) => failed("go on listening", error));
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
