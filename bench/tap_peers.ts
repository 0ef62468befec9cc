/**
 * Debian's mitmproxy as a relay beside ours, and a WebSocket through any relay.
 *
 * @module
 */
const hostname = "127.0.0.1";
const START_MS = 20_000;
const POLL_MS = 50;

/** Debian's mitmproxy in reverse mode, a process of its own until disposed. */
export class Mitmproxy implements AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
  readonly #process: Deno.ChildProcess;

  private constructor(port: number, process: Deno.ChildProcess) {
    this.port = port;
    this.#process = process;
  }

  /** Its version, e.g. `8.1.1`. Ends the program with advice where it isn't installed. */
  static async version(): Promise<string> {
    try {
      const { stdout } = await new Deno.Command("mitmdump", { args: ["--version"] }).output();
      return /Mitmproxy: (\S+)/.exec(new TextDecoder().decode(stdout))?.[1] ?? "unknown";
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      console.error("mitmproxy is missing. On Debian: apt-get install -y mitmproxy");
      Deno.exit(1);
    }
  }

  /** Starts it in front of a server on loopback. */
  static async start(serverPort: number): Promise<Mitmproxy> {
    const port = freePort();
    const target = `reverse:http://${hostname}:${serverPort}`;
    const process = new Deno.Command("mitmdump", {
      args: ["--mode", target, "--listen-host", hostname, "-p", `${port}`, "-q"],
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    const mitmproxy = new Mitmproxy(port, process);
    try {
      await listening(port);
    } catch (error) {
      await mitmproxy[Symbol.asyncDispose]();
      throw error;
    }
    return mitmproxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It may have ended by itself.
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#process.status;
  }
}

/** mitmproxy can't choose a free port and tell which. */
function freePort(): number {
  using listener = Deno.listen({ hostname, port: 0 });
  return listener.addr.port;
}

/** Nothing tells when it listens but trying. */
async function listening(port: number): Promise<void> {
  const end = performance.now() + START_MS;
  while (performance.now() < end) {
    try {
      (await Deno.connect({ hostname, port })).close();
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`mitmproxy doesn't listen after ${START_MS} ms`);
}

/** Opens a WebSocket by hand through whatever listens there. */
export async function openWebSocket(port: number): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname, port });
  await conn.write(new TextEncoder().encode(
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  ));
  const answer = new Uint8Array(1_024);
  const count = await conn.read(answer) ?? 0;
  const head = new TextDecoder().decode(answer.subarray(0, count));
  if (!head.startsWith("HTTP/1.1 101")) throw new Error(`No WebSocket on port ${port}: ${head}`);
  return conn;
}
