import { type Browser, chromium, type Page } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--no-first-run",
];
const SETTLE_MS = 1_000;
const CLICK_EVERY_MS = 2_000;

/** How a page felt. */
export interface PageFigures {
  /** Animation frames a second. */
  framesPerSecond: number;
  /** Longest pause between two animation frames, in milliseconds. */
  longestPause: number;
  /** Longest task, in milliseconds; 0 where none took 50. */
  longestTask: number;
  /** Share of the time that tasks of 50 ms and more took. */
  longTaskShare: number;
  /** Milliseconds from each click to the frame after it. */
  clicks: number[];
  /** Bytes of the page's JavaScript heap, where Chromium says. */
  heapBytes: number;
}

interface Probe {
  began: number;
  frames: number;
  pause: number;
  tasks: number[];
  clicks: number[];
}

declare global {
  var loadProbe: Probe;
}

/** Runs in the page, before everything else. */
function install(): void {
  const probe: Probe = { began: performance.now(), frames: 0, pause: 0, tasks: [], clicks: [] };
  globalThis.loadProbe = probe;
  let last = performance.now();
  const step = () => {
    const now = performance.now();
    probe.frames += 1;
    probe.pause = Math.max(probe.pause, now - last);
    last = now;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) probe.tasks.push(duration);
  }).observe({ type: "longtask", buffered: true });
  addEventListener("click", ({ timeStamp }) => {
    requestAnimationFrame(() =>
      setTimeout(() => probe.clicks.push(performance.now() - timeStamp), 0)
    );
  }, { capture: true });
}

/** Forgets what loading the page cost. */
function restart(): void {
  const { loadProbe } = globalThis;
  Object.assign(loadProbe, {
    began: performance.now(),
    frames: 0,
    pause: 0,
    tasks: [],
    clicks: [],
  });
}

/** The dashboard in a browser, measured from inside. */
export class PageProbe implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #page: Page;
  readonly #url: string;

  private constructor(browser: Browser, page: Page, url: string) {
    this.#browser = browser;
    this.#page = page;
    this.#url = url;
  }

  /** Opens the Overview. */
  static async open(url: string): Promise<PageProbe> {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.addInitScript(install);
    const probe = new PageProbe(browser, page, url);
    await probe.show("/");
    return probe;
  }

  /** Goes to a page. */
  async show(path: string): Promise<void> {
    await this.#page.goto(this.#url + path, { waitUntil: "load" });
  }

  /** Measures the page for so long, with a click now and then; what loading it cost is left out. */
  async measure(milliseconds: number): Promise<PageFigures> {
    const end = performance.now() + milliseconds;
    await this.#page.waitForTimeout(SETTLE_MS);
    await this.#page.evaluate(restart);
    const controls = this.#page.locator("header input[type=radio], header button");
    for (let i = 0; performance.now() + CLICK_EVERY_MS < end; i++) {
      const count = await controls.count();
      if (count > 0) await controls.nth(i % count).click({ force: true, timeout: 10_000 });
      await this.#page.waitForTimeout(CLICK_EVERY_MS);
    }
    await this.#page.waitForTimeout(Math.max(0, end - performance.now()));
    return await this.#read();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }

  #read(): Promise<PageFigures> {
    return this.#page.evaluate(() => {
      const { began, frames, pause, tasks, clicks } = globalThis.loadProbe;
      const elapsed = performance.now() - began;
      const { memory } = performance as unknown as { memory?: { usedJSHeapSize: number } };
      return {
        framesPerSecond: frames / elapsed * 1_000,
        longestPause: pause,
        longestTask: Math.max(0, ...tasks),
        longTaskShare: tasks.reduce((sum, one) => sum + one, 0) / elapsed,
        clicks,
        heapBytes: memory?.usedJSHeapSize ?? NaN,
      };
    });
  }
}
