/**
 * A minute of load on the start command, with the dashboard open (issue 2): `deno task load`.
 * Outside of the gate. `--clients`, `--rooms`, `--rate`, `--seconds`, `--no-browser`; what stands
 * behind `--` goes to the start command.
 *
 * @module
 */
import { type RunningCommand, startCommand } from "../command.ts";
import type { GeneratorReport } from "./generator.ts";
import { lines } from "./lines.ts";
import { type LoadOptions, loadOptions } from "./options.ts";
import { type PageFigures, PageProbe } from "./page_probe.ts";
import { type MemoryTrend, memoryTrend, ProcessSamples } from "./process_samples.ts";
import { quantiles } from "./quantiles.ts";

const MEBIBYTE = 1024 * 1024;
const NEWLINE = new TextEncoder().encode("\n");
const MOST_GROWTH = 0.1;
/** With fewer seconds there is no trend to judge. */
const SHORTEST_TREND_SECONDS = 20;

/** Everything that was measured. */
interface Figures {
  traffic: GeneratorReport;
  memory: MemoryTrend;
  serverShare: number;
  generatorShare: number;
  pages: Record<string, PageFigures>;
}

/** The clients' process. */
class Generator {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(url: string, args: readonly string[]) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("generator.ts", import.meta.url).pathname, url, ...args],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#lines = lines(this.#child.stdout);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves when every client is a member of its room. */
  async joined(): Promise<void> {
    await this.#expect("joined");
  }

  /** Publishes, and tells what came of it; the process still lives when `done` is called. */
  async run(done: () => void): Promise<GeneratorReport> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(NEWLINE);
    await this.#expect("published");
    done();
    await writer.write(NEWLINE);
    await writer.close();
    const report = JSON.parse(await this.#line());
    await this.#child.status;
    return report;
  }

  async #expect(word: string): Promise<void> {
    const line = await this.#line();
    if (line !== word) throw new Error(`Cannot go on: the clients say ${line}, not ${word}`);
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("Cannot go on: the clients' process has ended");
    return value;
  }
}

async function measure(command: RunningCommand, options: LoadOptions): Promise<Figures> {
  const generator = new Generator(command.socketUrl, Deno.args);
  await generator.joined();
  await using page = options.browser ? await PageProbe.open(command.url) : null;
  using server = new ProcessSamples(command.pid);
  using clients = new ProcessSamples(generator.pid);
  let generatorShare = NaN;
  const publishing = generator.run(() => {
    generatorShare = clients.processorShare();
    // The clients' process ends next, perhaps before the pages have been measured.
    clients[Symbol.dispose]();
  });
  const pages = page === null ? {} : await measurePages(page, options.seconds * 1_000);
  const traffic = await publishing;
  return {
    traffic,
    pages,
    memory: memoryTrend(server.resident),
    serverShare: server.processorShare(),
    generatorShare,
  };
}

/** The Overview is open already; the other half of the time belongs to the frames. */
async function measurePages(
  page: PageProbe,
  milliseconds: number,
): Promise<Record<string, PageFigures>> {
  const overview = await page.measure(milliseconds / 2);
  await page.show("/frames");
  return { Overview: overview, Frames: await page.measure(milliseconds / 2) };
}

function rows(figures: Figures): [string, string][] {
  const { traffic, memory, serverShare, generatorShare, pages } = figures;
  const mebibytes = (bytes: number) => `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
  const times = ({ p50, p95, p99, max }: GeneratorReport["ack"]) =>
    [p50, p95, p99, max].map((one) => one.toFixed(1)).join(" / ") + " ms";
  return [
    ["published, acknowledged", `${traffic.published}, ${traffic.acknowledged}`],
    ["publishes a second", traffic.rate.toFixed(0)],
    ["delivered", `${traffic.delivered}`],
    [
      "lost, duplicated, reordered, different",
      `${traffic.lost}, ${traffic.duplicated}, ${traffic.reordered}, ${traffic.different}`,
    ],
    ["refused, disconnected", `${traffic.refused}, ${traffic.disconnected}`],
    ["delivery p50 / p95 / p99 / max", times(traffic.delivery)],
    ["longest delivery, second by second", traffic.longest.map((one) => one.toFixed(0)).join(" ")],
    ["ack p50 / p95 / p99 / max", times(traffic.ack)],
    ["server memory at 10 s", mebibytes(memory.settled)],
    ["server memory at the end, most", `${mebibytes(memory.end)}, ${mebibytes(memory.most)}`],
    [
      "growth after 10 s, slope",
      `${percent(growth(memory))}, ${mebibytes(memory.slope)} a minute`,
    ],
    ["processors, load of the machine", machine()],
    ["server, clients: share of a core", `${percent(serverShare)}, ${percent(generatorShare)}`],
    ...Object.entries(pages).flatMap(([name, page]) => pageRows(name, page)),
  ];
}

/** What else ran on this machine explains long deliveries. */
function machine(): string {
  return `${navigator.hardwareConcurrency}, ${Deno.loadavg()[0].toFixed(1)}`;
}

function pageRows(name: string, page: PageFigures): [string, string][] {
  const { p50, max } = quantiles(page.clicks);
  return [
    [`${name}: frames a second`, page.framesPerSecond.toFixed(1)],
    [`${name}: longest pause, longest task`, `${ms(page.longestPause)}, ${ms(page.longestTask)}`],
    [`${name}: time in tasks over 50 ms`, percent(page.longTaskShare)],
    [`${name}: ${page.clicks.length} clicks, p50 / max`, `${ms(p50)} / ${ms(max)}`],
    [`${name}: JavaScript heap`, `${(page.heapBytes / MEBIBYTE).toFixed(1)} MiB`],
  ];
}

function ms(milliseconds: number): string {
  return `${milliseconds.toFixed(1)} ms`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function growth({ settled, end }: MemoryTrend): number {
  return end / settled - 1;
}

/** What must not be, as sentences. */
function failures({ traffic, memory }: Figures, { seconds }: LoadOptions): string[] {
  const { lost, duplicated, reordered, different, published, acknowledged, disconnected } = traffic;
  return [
    lost + duplicated + reordered + different > 0 && "Messages were lost or mixed up",
    published !== acknowledged && "Publishes were not acknowledged",
    disconnected > 0 && "Clients were disconnected",
    seconds >= SHORTEST_TREND_SECONDS && growth(memory) > MOST_GROWTH && "Memory grew",
  ].filter((failure) => failure !== false);
}

async function main(): Promise<number> {
  const options = loadOptions(Deno.args);
  await using command = await startCommand(options.server);
  const figures = await measure(command, options);
  const table = rows(figures);
  const width = Math.max(...table.map(([name]) => name.length));
  for (const [name, value] of table) console.log(`${name.padEnd(width)}  ${value}`);
  const found = failures(figures, options);
  for (const failure of found) console.error(failure);
  return found.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
