import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { CHROMIUM } from "../setup.ts";

/** What Chromium is started with. */
export const CHROMIUM_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Debian's Chromium, without a window, until disposed. */
export interface Chrome extends AsyncDisposable {
  /** The browser. */
  browser: Browser;
  /** A page in a profile of its own; what it reports as an error ends up in `problems`. */
  page(width?: number): Promise<Page>;
  /** Errors of the pages' scripts and consoles. */
  problems: string[];
}

/** Starts Chromium. */
export async function openChrome(): Promise<Chrome> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS });
  const problems: string[] = [];
  return {
    browser,
    problems,
    async page(width = 1280) {
      const context = await browser.newContext({ viewport: { width, height: 900 } });
      const page = await context.newPage();
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") problems.push(message.text());
      });
      return page;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
    },
  };
}

/** Waits until an element's text matches. */
export async function showsText(page: Page, selector: string, pattern: RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: pattern }).first().waitFor({ timeout: 15_000 });
}

/** What axe-core finds on a page. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
  });
}

/** By how many pixels a page is wider than its window. */
export async function overflow(page: Page): Promise<number> {
  return await page.evaluate(() =>
    document.documentElement.scrollWidth - document.documentElement.clientWidth
  );
}
