import type { Transition } from "../../protocol/connection_state.ts";
import { READY_STATE_NAMES } from "../../protocol/ready_state.ts";
import type { ConnectionRecord } from "../../protocol/monitor_records.ts";
import { formatClock, formatCount, formatDuration } from "../format.ts";
import { useWidth } from "../ui/use_width.ts";
import { type EdgeShape, type NodeBox, TALL_LAYOUT, WIDE_LAYOUT } from "./diagram_layout.ts";
import type { EdgeFact } from "./lifecycle.ts";
import { EDGE_LABELS } from "./lifecycle.ts";

const NARROW = 660;

/** The life of one connection as a diagram: the current state lit, the way it took drawn bold. */
export function StateDiagram({ record, facts }: { record: ConnectionRecord; facts: EdgeFact[] }) {
  const [frame, width] = useWidth<HTMLDivElement>(1000);
  const tall = width < NARROW;
  const layout = tall ? TALL_LAYOUT : WIDE_LAYOUT;
  const visited = new Set([0, ...record.transitions.map((passed) => passed.to)]);
  return (
    <div ref={frame} class={`diagram-frame ${tall ? "diagram-tall" : ""}`}>
      <svg
        class="diagram"
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        role="img"
        aria-label={summary(record)}
      >
        {facts.map((fact) => (
          <Edge key={fact.edge.name} fact={fact} shape={layout.edges[fact.edge.name]} tall={tall} />
        ))}
        {layout.nodes.map((box, state) => (
          <Node
            key={state}
            box={box}
            name={READY_STATE_NAMES[state]}
            current={record.state === state}
            visited={visited.has(state)}
            unclean={state === 3 && record.close !== null && !record.close.clean}
          />
        ))}
      </svg>
    </div>
  );
}

/** What a state's box shows. */
interface NodeProps {
  box: NodeBox;
  name: string;
  current: boolean;
  visited: boolean;
  unclean: boolean;
}

function Node({ box, name, current, visited, unclean }: NodeProps) {
  const look = current
    ? (unclean ? "node-lit node-unclean" : "node-lit")
    : visited
    ? "node-visited"
    : "";
  return (
    <g class={`node ${look}`}>
      <rect x={box.x} y={box.y} width={box.width} height={box.height} rx="4" />
      {current && (
        <rect
          class="node-halo"
          x={box.x - 4}
          y={box.y - 4}
          width={box.width + 8}
          height={box.height + 8}
          rx="7"
        />
      )}
      <text
        class="node-name"
        x={box.x + box.width / 2}
        y={box.y + box.height / 2 + 1}
        text-anchor="middle"
      >
        {name}
      </text>
      <text
        class="node-mark"
        x={box.x + box.width / 2}
        y={box.y + box.height / 2 + 16}
        text-anchor="middle"
      >
        {current ? "● now" : visited ? "passed" : ""}
      </text>
    </g>
  );
}

function Edge({ fact, shape, tall }: { fact: EdgeFact; shape: EdgeShape; tall: boolean }) {
  const { edge, passed, after, count } = fact;
  const abnormal = edge.name === "lost" || edge.name === "handshake_failed";
  const lines = passed === null ? [] : factLines(passed, after ?? 0, tall);
  const total = count === 0 ? "" : ` ×${formatCount(count)}`;
  const inline = !tall && (abnormal || edge.name === "close_called_early");
  return (
    <g class={`edge ${passed === null ? "" : "edge-passed"} ${abnormal ? "edge-abnormal" : ""}`}>
      <path class="edge-line" d={shape.path} />
      <path class="edge-head" d={shape.head} />
      <text class="edge-name" x={shape.labelX} y={shape.labelY} text-anchor={shape.anchor}>
        {EDGE_LABELS[edge.name]}
        <tspan class="edge-count">{total}</tspan>
        {inline && lines.length > 0 && <tspan class="edge-fact">{`  ${lines.join(" · ")}`}</tspan>}
      </text>
      {!inline && lines.map((text, index) => (
        <text
          key={index}
          class="edge-fact"
          x={shape.labelX}
          y={shape.labelY + 15 * (index + 1)}
          text-anchor={shape.anchor}
        >
          {text}
        </text>
      ))}
    </g>
  );
}

/** When, after how long, by whom: two lines, or three where there is little room. */
function factLines(passed: Transition, after: number, tall: boolean): string[] {
  const { by, code } = passed.cause;
  const at = formatClock(passed.at, true);
  const lasted = `after ${formatDuration(after)}`;
  const who = code === undefined ? `by ${by}` : `by ${by} · ${code}`;
  return tall ? [at, lasted, who] : [`${at} ${lasted}`, who];
}

function summary(record: ConnectionRecord): string {
  const steps = record.transitions.map((passed) =>
    `${READY_STATE_NAMES[passed.from]} to ${READY_STATE_NAMES[passed.to]} by ${passed.cause.by}`
  );
  const way = steps.length === 0 ? "" : ` It went from ${steps.join(", then ")}.`;
  return `State diagram. The connection is ${READY_STATE_NAMES[record.state]}.${way}`;
}
