import { useEffect, useMemo, useState } from "preact/hooks";
import type { FindingRecord, FrameRecord } from "../../protocol/monitor_records.ts";
import { explainFrame } from "../../frames/explain.ts";
import { FIN_BIT, OPCODE_MASK, RSV1_BIT } from "../../frames/header_layout.ts";
import { Opcode, opcodeName } from "../../frames/opcodes.ts";
import { formatClock, formatCount } from "../format.ts";
import type { PageMonitor } from "../live/page_monitor.ts";
import { Lamp } from "../ui/Lamp.tsx";
import { Panel } from "../ui/Panel.tsx";
import { BytesPane, type BytesPaneProps, type ShownBytes } from "./BytesPane.tsx";
import { FieldTree } from "./FieldTree.tsx";
import type { FrameBytes } from "./frame_bytes.ts";
import type { FrameAddress } from "./frame_hash.ts";
import { type PayloadOrigin, PayloadView } from "./PayloadView.tsx";
import { type FrameParts, partsOf, unmaskedBytes } from "./payload_views.ts";
import { selectByte, selectField, type Selection, type TreeRow, treeRows } from "./selection.ts";
import { type FrameLoad, useFrameBytes } from "./use_frame_bytes.ts";

/** What the inspector shows. */
export interface FrameInspectorProps {
  /** Where the bytes come from. */
  monitor: PageMonitor;
  /** The chosen frame and byte. */
  address: FrameAddress;
  /** The frame's record, where the list still has it. */
  record: FrameRecord | null;
  /** Called with the byte that is chosen. */
  onOffset: (offset: number) => void;
  /** Called to put the frame away. */
  onClose: () => void;
}

/** One frame taken apart: fields and bytes, linked both ways. */
export function FrameInspector(props: FrameInspectorProps) {
  const { monitor, address, record, onClose } = props;
  const load = useFrameBytes(monitor, address);
  // Kept here, so that the next frame is shown in the same way.
  const [wish, setWish] = useState<ShownBytes>("wire");
  const mayBeCompressed = record === null
    ? load.bytes !== null && mayBelongToCompressed(load.bytes.bytes[0])
    : record.compressed !== undefined;
  const message = useFrameBytes(monitor, address, { source: "inflated", wanted: mayBeCompressed });
  // A frame whose record isn't here may turn out to belong to no compressed message.
  const isCompressed = mayBeCompressed && (record !== null || message.bytes !== null);
  const name = `Frame ${address.connection}.${address.frame}`;
  return (
    <Panel
      id="frame"
      title={name}
      class="frame-panel"
      note={record === null ? undefined : headline(record)}
      tools={<button type="button" class="key" onClick={onClose}>Close</button>}
    >
      {load.phase === "loading" && <p class="empty empty-waiting">Waiting for the bytes.</p>}
      {load.phase === "gone" && (
        <p class="empty">
          This frame has left the ring: newer ones took its place. Its header fields are in the list
          as long as the list has it.
        </p>
      )}
      {load.phase === "rest_gone" && (
        <p class="payload-note note-warn">
          ✕ The frame left the ring while it was read: bytes shown as ·· are gone.
        </p>
      )}
      {load.bytes !== null && (
        <Anatomy
          {...props}
          bytes={load.bytes}
          version={load.version}
          want={load.want}
          inflated={isCompressed ? message : null}
          wish={wish}
          onWish={setWish}
        />
      )}
    </Panel>
  );
}

function headline(record: FrameRecord): string {
  const way = record.direction === "in" ? "client → server" : "server → client";
  return `${way} · ${opcodeName(record.opcode)} · ${formatClock(record.at, true)}`;
}

interface AnatomyProps extends FrameInspectorProps, Pick<BytesPaneProps, "wish" | "onWish"> {
  bytes: FrameBytes;
  version: number;
  want: (from: number, to: number) => void;
  /** What came out of the compressed message that it belongs to; `null` for any other frame. */
  inflated: FrameLoad | null;
}

/** Frames up to this size are fetched whole, bigger ones as they are looked at. */
const FETCHED_WHOLE = 131_072;

function Anatomy(props: AnatomyProps) {
  const { monitor, bytes, version, want, address, record, onOffset, inflated } = props;
  const compressed = inflated !== null;
  const [field, setField] = useState<number | null>(null);
  const view = useMemo(() => explain(bytes, record, compressed), [
    ...[bytes, version, record, compressed],
  ]);
  const { rows, parts, plain, findings } = view;
  const offset = Math.min(address.offset, Math.max(0, bytes.kept - 1));
  const selection: Selection = field === null || !holds(rows[field], offset)
    ? selectByte(rows, offset)
    : { offset, field };
  useEffect(() => {
    if (bytes.kept <= FETCHED_WHOLE) want(0, bytes.kept);
  }, [bytes]);
  useEffect(() => {
    const kept = inflated?.bytes?.kept ?? 0;
    if (kept > 0 && kept <= FETCHED_WHOLE) inflated?.want(0, kept);
  }, [inflated?.bytes]);
  const chooseByte = (target: number) => {
    setField(null);
    onOffset(target);
  };
  const chooseField = (index: number) => {
    setField(index);
    onOffset(selectField(rows, index).offset);
  };
  return (
    <div class="anatomy">
      <div class="anatomy-fields">
        {record?.fault !== undefined && (
          <FaultNote
            fault={record.fault}
            seed={monitor.store.server.value?.policy.faultSeed}
          />
        )}
        <Findings findings={findings} onOffset={chooseByte} />
        <FieldTree rows={rows} selection={selection} onField={chooseField} />
        {bytes.kept < bytes.total && (
          <p class="payload-note">
            The ring kept {formatCount(bytes.kept)} of {formatCount(bytes.total)} bytes.
          </p>
        )}
      </div>
      <BytesPane
        bytes={bytes}
        plain={plain}
        want={want}
        rows={rows}
        selection={selection}
        onByte={chooseByte}
        inflated={inflated}
        wish={props.wish}
        onWish={props.onWish}
      />
      {inflated?.bytes
        ? (
          <PayloadView
            payload={inflated.bytes.bytes.subarray(0, inflated.bytes.contiguous)}
            length={inflated.bytes.total}
            onFetch={inflated.bytes.complete ? undefined : () => inflated.want(0, Infinity)}
            origin={inflatedOrigin(record)}
          />
        )
        : (
          <PayloadView
            payload={plain.subarray(
              parts.headerLength,
              Math.max(parts.headerLength, bytes.contiguous),
            )}
            length={Math.max(0, bytes.total - parts.headerLength)}
            onFetch={bytes.complete ? undefined : () => want(0, bytes.kept)}
            origin={wireOrigin(bytes.bytes[0], record)}
          />
        )}
    </div>
  );
}

/** A frame that isn't in the list any more: its first byte says whether it is worth asking. */
function mayBelongToCompressed(firstByte: number): boolean {
  return (firstByte & RSV1_BIT) !== 0 || (firstByte & OPCODE_MASK) === Opcode.CONTINUATION;
}

/** What the inflated message is. */
function inflatedOrigin(record: FrameRecord | null): PayloadOrigin {
  const { first, problem, hidden } = record?.compressed ?? {};
  const notes = [
    first === undefined || first === record?.frame
      ? "inflated message"
      : `inflated message, begun with frame ${first}`,
    problem === undefined ? "" : `not whole: ${problem}`,
    hidden ? "its bytes on the wire are hidden: it holds a secret, or might" : "",
  ];
  return { name: "Message", notes, isWhole: problem === undefined };
}

/** What the payload is, as it was on the wire. */
function wireOrigin(firstByte: number, record: FrameRecord | null): PayloadOrigin {
  const fragment = isFragment(firstByte);
  const compressed = (firstByte & RSV1_BIT) !== 0 || record?.compressed !== undefined;
  const { problem, hidden } = record?.compressed ?? {};
  const notes = [
    compressed ? "compressed: shown as it is on the wire" : "",
    problem === undefined ? "" : `not inflated: ${problem}`,
    hidden ? "hidden: it holds a secret, or might" : "",
    fragment ? "a fragment of a message" : "",
  ];
  return { name: "Payload", notes, isWhole: !fragment };
}

function isFragment(firstByte: number): boolean {
  return (firstByte & FIN_BIT) === 0 || (firstByte & OPCODE_MASK) === Opcode.CONTINUATION;
}

/** A frame taken apart. */
interface FrameAnatomy {
  rows: TreeRow[];
  parts: FrameParts;
  plain: Uint8Array;
  /** What it does against the standard; `null` while that can't be judged. */
  findings: readonly ShownFinding[] | null;
}

function explain(
  bytes: FrameBytes,
  record: FrameRecord | null,
  compressed: boolean,
): FrameAnatomy {
  const sender = record === null ? undefined : record.direction === "in" ? "client" : "server";
  // Pieces that aren't here yet are zeros: they must not be judged.
  const known = record?.findings ?? (bytes.complete ? undefined : []);
  const { fields, findings } = explainFrame(bytes.bytes, {
    ...{ findings: known, sender, compressed, allowRsv1: compressed },
  });
  const parts = partsOf(bytes.bytes, fields);
  return {
    rows: treeRows(fields),
    parts,
    plain: unmaskedBytes(bytes.bytes, parts),
    findings: record === null && !bytes.complete ? null : findings,
  };
}

function holds(
  row: { field: { byteOffset: number; byteLength: number } } | undefined,
  offset: number,
) {
  if (row === undefined) return false;
  const { byteOffset, byteLength } = row.field;
  return offset >= byteOffset && offset < byteOffset + byteLength;
}

/** What was done to the frame on purpose: its bytes here are those from before that. */
function FaultNote({ fault, seed }: { fault: string; seed: number | undefined }) {
  return (
    <p class="verdict fault-note">
      <span class="fault-mark">⚡ {fault}</span>
      A fault that was asked for{seed === undefined ? "" : `, seed ${seed}`}. The bytes are as the
      sender sent them.
    </p>
  );
}

type ShownFinding = Pick<FindingRecord, "rule" | "section" | "offset" | "message">;

function Findings(
  { findings, onOffset }: {
    findings: readonly ShownFinding[] | null;
    onOffset: (offset: number) => void;
  },
) {
  if (findings === null) {
    return <p class="verdict">Not judged: not every byte of it is here.</p>;
  }
  if (findings.length === 0) {
    return (
      <p class="verdict">
        <Lamp shape="full" tone="ok">No finding: the frame keeps to the standard</Lamp>
      </p>
    );
  }
  return (
    <ul class="findings">
      {findings.map((finding) => (
        <li key={finding.rule + finding.offset}>
          <Lamp shape="cross" tone="bad">{finding.message}</Lamp>
          <span class="finding-where">
            <code>{finding.rule}</code>{" "}
            {finding.section.startsWith("RFC") ? finding.section : `RFC 6455 §${finding.section}`}
            {" "}
            <button type="button" class="link" onClick={() => onOffset(finding.offset)}>
              byte {finding.offset}
            </button>
          </span>
        </li>
      ))}
    </ul>
  );
}
