import { type BrowserContext, chromium, type Page } from "playwright-core";
import { CHROMIUM } from "../setup.ts";
import { CHROMIUM_ARGUMENTS } from "./browser.ts";

/** A page in the background draws no frames, by which Playwright would look otherwise. */
const WAITING = { timeout: 15_000, polling: 50 };

/** A message of a WebSocket as DevTools hold it. */
export interface DevToolsFrame {
  /** Seconds since the Unix epoch. */
  time: number;
  /** Text, or base64 where the opcode isn't text. */
  text: string;
  opCode: number;
  mask: boolean;
  type: "send" | "receive";
}

/** A request in DevTools' network log. */
export interface DevToolsRequest {
  url: string;
  statusCode: number;
  statusText: string;
  type: string;
  /** Seconds since the Unix epoch. */
  startTime: number;
  requestHeaders: { name: string; value: string }[];
  responseHeaders: { name: string; value: string }[];
  frames: DevToolsFrame[];
}

/** Debian's Chromium with its own DevTools, opened as a page. */
export interface DevToolsChrome extends AsyncDisposable {
  /** A page of its own. */
  page(): Promise<Page>;
  /** DevTools on the Network panel, for a page whose URL is known to nobody else, or for none. */
  network(inspected?: Page): Promise<NetworkPanel>;
}

/** Starts Chromium with DevTools that can be reached. */
export async function openDevToolsChrome(): Promise<DevToolsChrome> {
  const profile = await Deno.makeTempDir({ prefix: "roomscope-devtools-" });
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    acceptDownloads: true,
    viewport: { width: 1280, height: 900 },
    args: [...CHROMIUM_ARGUMENTS, "--remote-debugging-port=0", "--remote-allow-origins=*"],
  });
  const [port] = (await Deno.readTextFile(`${profile}/DevToolsActivePort`)).split("\n");
  return {
    page: () => context.newPage(),
    network: (inspected) => openNetwork(context, Number(port), inspected),
    async [Symbol.asyncDispose]() {
      await context.close();
      await Deno.remove(profile, { recursive: true });
    },
  };
}

async function openNetwork(
  context: BrowserContext,
  port: number,
  inspected: Page | undefined,
): Promise<NetworkPanel> {
  const front = await context.newPage();
  const url = new URL(`http://127.0.0.1:${port}/devtools/devtools_app.html?panel=network`);
  if (inspected) url.searchParams.set("ws", await socketOf(port, inspected));
  await front.goto(url.href);
  const panel = new NetworkPanel(front);
  await panel.ready(inspected !== undefined);
  return panel;
}

/** Where DevTools speak with a page. */
async function socketOf(port: number, page: Page): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/json/list`);
  const pages: { url: string; webSocketDebuggerUrl: string }[] = await response.json();
  const found = pages.find(({ url }) => url === page.url());
  if (!found) throw new Error(`Chromium doesn't list ${page.url()}`);
  return found.webSocketDebuggerUrl.replace(/^ws:\/\//, "");
}

/** DevTools' Network panel. Its buttons are clicked; its log is read by its own modules. */
export class NetworkPanel {
  /** The page that DevTools are. */
  readonly front: Page;

  constructor(front: Page) {
    this.front = front;
  }

  /** Waits until the panel is there and, with a page to inspect, sees its requests. */
  async ready(inspecting: boolean): Promise<void> {
    await this.#button("Import HAR file…").waitFor(WAITING);
    if (!inspecting) return;
    await this.front.waitForFunction(
      async () => {
        const SDK = await import(new URL("./core/sdk/sdk.js", location.href).href);
        const target = SDK.TargetManager.TargetManager.instance().primaryPageTarget();
        // Once this is answered, whatever DevTools asked for before it is in force.
        return target !== null && await target.networkAgent().invoke_enable({}).then(() => true);
      },
      undefined,
      WAITING,
    );
  }

  /** Imports a HAR file by its button. */
  async importHar(path: string): Promise<void> {
    const chooser = this.front.waitForEvent("filechooser", WAITING);
    await this.#button("Import HAR file…").click();
    await (await chooser).setFiles(path);
  }

  /** Exports the log by its button. */
  async exportHar(path: string): Promise<void> {
    const download = this.front.waitForEvent("download", WAITING);
    await this.#button("Export HAR (sanitized)…").click();
    await (await download).saveAs(path);
  }

  /** The WebSocket in the log, once it has so many messages. */
  async webSocket(messages: number): Promise<DevToolsRequest> {
    const handle = await this.front.waitForFunction(
      async (messages) => {
        const Logs = await import(new URL("./models/logs/logs.js", location.href).href);
        // deno-lint-ignore no-explicit-any
        const requests: any[] = Logs.NetworkLog.NetworkLog.instance().requests();
        const found = requests.find((one) => one.resourceType().name() === "websocket");
        return found !== undefined && found.frames().length >= messages && {
          url: found.url(),
          statusCode: found.statusCode,
          statusText: found.statusText,
          type: found.resourceType().name(),
          startTime: found.startTime,
          requestHeaders: found.requestHeaders(),
          responseHeaders: found.responseHeaders,
          frames: found.frames(),
        };
      },
      messages,
      WAITING,
    );
    return await handle.jsonValue() as DevToolsRequest;
  }

  #button(name: string) {
    return this.front.getByRole("button", { name, exact: true });
  }
}
