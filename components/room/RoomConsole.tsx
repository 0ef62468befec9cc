import { useEffect, useRef, useState } from "preact/hooks";
import { formatClock, formatCount } from "../format.ts";
import { linkDetail, PHASE_WORDS } from "../live/link_view.ts";
import { Lamp } from "../ui/Lamp.tsx";
import { Panel } from "../ui/Panel.tsx";
import { useClock } from "../ui/use_clock.ts";
import { contentText, type Delivery, type RoomTalk, shortId, type TalkLine } from "./room_talk.ts";
import type { TalkClient } from "./talk_client.ts";

/** One room to talk in: its lines, its members, and a field to write. */
export function RoomConsole({ client, talk }: { client: TalkClient; talk: RoomTalk }) {
  return (
    <Panel
      id="talk"
      title={`Room ${talk.room}`}
      class="talk"
      note={<TalkState client={client} talk={talk} />}
      tools={talk.joined
        ? <button type="button" class="key" onClick={() => client.leave(talk.room)}>Leave</button>
        : (
          <button type="button" class="key" onClick={() => client.join(talk.room)}>
            Join again
          </button>
        )}
    >
      <div class="talk-body">
        <Lines lines={talk.lines} ownId={client.clientId.value} />
        <Members talk={talk} ownId={client.clientId.value} />
      </div>
      <Composer client={client} talk={talk} />
    </Panel>
  );
}

function TalkState({ client, talk }: { client: TalkClient; talk: RoomTalk }) {
  const link = client.link.value;
  const now = useClock(link.phase === "waiting" ? 100 : 0);
  if (link.phase !== "live") {
    return (
      <Lamp shape="half" tone="wait">
        {PHASE_WORDS[link.phase]} {linkDetail(link, now)}
      </Lamp>
    );
  }
  return (
    <span class="talk-state">
      {talk.joined
        ? <Lamp shape="full" tone="ok">member</Lamp>
        : <Lamp shape="square" tone="off">not a member</Lamp>}
      <span>
        seq <b class="slot-number">{formatCount(talk.seq)}</b>
      </span>
      <span class="talk-epoch" title={talk.epoch}>epoch {talk.epoch.slice(0, 8) || "–"}</span>
    </span>
  );
}

function Lines({ lines, ownId }: { lines: readonly TalkLine[]; ownId: string }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const log = end.current?.parentElement;
    if (log) log.scrollTop = log.scrollHeight;
  }, [lines.length]);
  return (
    <div class="talk-lines" role="log" aria-label="Messages" tabIndex={0}>
      {lines.map((line, index) => <Line key={index} line={line} ownId={ownId} />)}
      <div ref={end} />
    </div>
  );
}

function Line({ line, ownId }: { line: TalkLine; ownId: string }) {
  if (line.kind === "notice") {
    return (
      <p class="talk-line talk-notice">
        <time>{formatClock(line.at)}</time> <span>{line.text}</span>
      </p>
    );
  }
  const own = line.kind === "own";
  return (
    <div class={`talk-line ${own ? "talk-own" : ""}`}>
      <p class="talk-meta">
        <time>{formatClock(line.at)}</time>
        <b>{own ? `you · ${shortId(ownId)}` : shortId(line.from)}</b>
        {own
          ? <DeliveryMark delivery={line.delivery} />
          : <span class="talk-seq">seq {line.seq}</span>}
      </p>
      <p class="talk-content">{contentText(line.content)}</p>
    </div>
  );
}

function DeliveryMark({ delivery }: { delivery: Delivery }) {
  switch (delivery.state) {
    case "sending":
      return <span class="delivery delivery-sending">○ sending</span>;
    case "acked":
      return <span class="delivery delivery-acked">● ack, seq {delivery.seq}</span>;
    case "refused":
      return <span class="delivery delivery-refused">✕ {delivery.code}: {delivery.message}</span>;
  }
}

function Members({ talk, ownId }: { talk: RoomTalk; ownId: string }) {
  return (
    <aside class="talk-members" aria-label="Members" tabIndex={0}>
      <h3 class="engraved">
        Members <span class="unit">{talk.members.length}</span>
      </h3>
      <ul>
        {talk.members.map((member) => (
          <li key={member.clientId} title={member.clientId}>
            {shortId(member.userId)}
            {member.clientId === ownId && <span class="tag">you</span>}
          </li>
        ))}
      </ul>
    </aside>
  );
}

function Composer({ client, talk }: { client: TalkClient; talk: RoomTalk }) {
  const [text, setText] = useState("");
  const send = () => {
    if (text === "") return;
    setText("");
    client.publish(talk.room, text);
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label class="field" for="talk-text">
        <span class="hidden-text">Message to {talk.room}</span>
        <input
          id="talk-text"
          autocomplete="off"
          placeholder={`Message to ${talk.room}`}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="key key-main" disabled={!talk.joined || text === ""}>
        Publish
      </button>
    </form>
  );
}
