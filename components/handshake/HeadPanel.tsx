import type { HandshakeFinding } from "../../frames/handshake_rules.ts";
import { formatClock } from "../format.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { Panel } from "../ui/Panel.tsx";
import type { HeaderRow, HeadView } from "./handshake_view.ts";

/** What a panel of one head shows. */
export interface HeadPanelProps {
  id: string;
  title: string;
  head: HeadView | null;
  /** What stands there instead of a head. */
  missing: string;
}

/** One head: its first line, then each header with what it means and whether it is right. */
export function HeadPanel({ id, title, head, missing }: HeadPanelProps) {
  if (head === null) {
    return (
      <Panel id={id} title={title}>
        <p class="empty">{missing}</p>
      </Panel>
    );
  }
  const note = `${head.total} bytes, ${formatClock(head.at, true)}`;
  return (
    <Panel id={id} title={title} note={note} tools={<CopyButton text={head.text} label="Copy" />}>
      <p class="head-line">{head.line}</p>
      <Findings findings={[...head.findings, ...head.unreadable ? [head.unreadable] : []]} />
      {head.unreadable === null
        ? <Headers rows={head.rows} label={title} />
        : <pre class="head-raw">{head.text}</pre>}
    </Panel>
  );
}

function Headers({ rows, label }: { rows: readonly HeaderRow[]; label: string }) {
  return (
    <table class="headers" aria-label={`Headers of the ${label.toLowerCase()}`}>
      <thead class="hidden-text">
        <tr>
          <th scope="col">Header</th>
          <th scope="col">Value, and what it means</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <tr
            key={index}
            class={`header-row ${row.matters ? "matters" : ""} ${
              row.findings.length > 0 ? "has-fault" : ""
            }`}
          >
            <th scope="row">{row.name}</th>
            <td>
              <p class="header-value">{row.value}</p>
              <p class="header-meaning">
                {row.matters && <Mark good={row.findings.length === 0} />} {row.meaning}
                {row.section !== "" && <span class="field-section">{row.section}</span>}
              </p>
              <Findings findings={row.findings} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Mark({ good }: { good: boolean }) {
  return good
    ? <span class="mark mark-good" role="img" aria-label="right">✓</span>
    : <span class="mark mark-bad" role="img" aria-label="wrong">✗</span>;
}

function Findings({ findings }: { findings: readonly HandshakeFinding[] }) {
  if (findings.length === 0) return null;
  return (
    <ul class="head-findings">
      {findings.map(({ rule, section, message }) => (
        <li key={rule}>
          <code>{rule}</code> {message} <span class="field-section">{sectionText(section)}</span>
        </li>
      ))}
    </ul>
  );
}

function sectionText(section: string): string {
  return /^\d/.test(section) ? `§${section}` : section;
}
