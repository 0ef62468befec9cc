import type { CaptureSummary } from "../../utils.ts";
import { formatBytes, formatCount, formatDuration, joinReading } from "../format.ts";
import { SaveLinks } from "./SaveLinks.tsx";

/** What stands above every page of a capture: the file, what is in it, its pages. */
export function CaptureHead({ summary, path }: { summary: CaptureSummary; path: string }) {
  const { id, name, bytes, connections, frames, kept, findings, first, last } = summary;
  const base = `/captures/${id}`;
  const pages = [
    { href: base, label: "Connections" },
    { href: `${base}/frames`, label: "Frames" },
  ];
  return (
    <section class="panel capture-head" aria-labelledby="capture-name">
      <p class="capture-origin">
        <a href="/captures">Captures</a>
        <span aria-hidden="true">/</span>
        <span class="tag">from file</span>
      </p>
      <h1 id="capture-name" class="capture-name">{name}</h1>
      <p class="strip">
        <Figure
          value={formatCount(connections)}
          unit={connections === 1 ? "connection" : "connections"}
        />
        <Figure value={formatCount(frames)} unit={frames === 1 ? "frame" : "frames"} />
        <Figure value={formatCount(findings)} unit={findings === 1 ? "finding" : "findings"} />
        <Figure value={formatDuration(last - first)} unit="from first to last" />
        <Figure value={joinReading(formatBytes(bytes))} unit="file" />
        <time class="capture-time" dateTime={new Date(first).toISOString()}>
          {new Date(first).toISOString().replace("T", " ").replace("Z", " UTC")}
        </time>
        {kept < frames && (
          <span class="strip-warn">
            {formatCount(frames - kept)} frames at its end weren’t kept: there is no room for more
          </span>
        )}
      </p>
      <Notices {...summary} />
      <div class="capture-tools">
        <nav class="capture-pages" aria-label="Pages of this capture">
          {pages.map(({ href, label }) => (
            <a key={href} class="key" href={href} aria-current={href === path ? "page" : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <SaveLinks capture={id} of={name} />
      </div>
    </section>
  );
}

function Figure({ value, unit }: { value: string; unit: string }) {
  return (
    <span>
      <b>{value}</b> {unit}
    </span>
  );
}

/** What couldn't be read of the file. */
function Notices({ notices, moreNotices }: CaptureSummary) {
  if (notices.length === 0) return null;
  return (
    <details class="capture-notices">
      <summary>
        {formatCount(notices.length + moreNotices)} notices: not everything could be read
      </summary>
      <ul>
        {notices.map((notice, index) => <li key={index}>{notice}</li>)}
        {moreNotices > 0 && <li>and {formatCount(moreNotices)} more</li>}
      </ul>
    </details>
  );
}
