import type { ServerPolicy } from "../../protocol/monitor_records.ts";
import { formatBytes, formatCount, formatDuration, joinReading } from "../format.ts";
import { Lamp } from "../ui/Lamp.tsx";
import { Panel } from "../ui/Panel.tsx";
import { limitKind, limitLabel } from "./limits.ts";

/** What is in force: transport, tap, guard, and every limit. */
export function InForce({ policy }: { policy: ServerPolicy | undefined }) {
  return (
    <Panel id="policy" title="In force" note={policy && `Roomscope ${policy.version}`}>
      <dl class="facts">
        {policy?.source === undefined
          ? <Fact label="Transport">{policy?.transport ?? "–"}</Fact>
          : <Fact label="Target">{policy.source.name}</Fact>}
        <Fact label="Tap">
          <Switch on={policy?.tap} />
        </Fact>
        <Fact label="Guard">
          <Switch on={policy?.guard} />
        </Fact>
        <Fact label="Contents hidden">
          <Switch on={policy?.redact} />
        </Fact>
        {policy?.faultSeed !== undefined && <Fact label="Faults">on, seed {policy.faultSeed}</Fact>}
        {Object.entries(policy?.limits ?? {}).map(([name, value]) => (
          <Fact key={name} label={limitLabel(name)}>{limitText(name, value)}</Fact>
        ))}
      </dl>
    </Panel>
  );
}

function Fact({ label, children }: { label: string; children: preact.ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Switch({ on }: { on: boolean | undefined }) {
  if (on === undefined) return <>–</>;
  return <Lamp shape={on ? "full" : "square"} tone={on ? "ok" : "off"}>{on ? "on" : "off"}</Lamp>;
}

function limitText(name: string, value: number): string {
  if (value === 0) return "off";
  const kind = limitKind(name);
  if (kind === "bytes") return joinReading(formatBytes(value));
  if (kind === "ms") return formatDuration(value);
  return formatCount(value);
}
