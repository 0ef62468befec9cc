import { useEffect, useState } from "preact/hooks";
import type { ForeignSource } from "../../protocol/monitor_records.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { socketUrl } from "../live/socket_url.ts";

/** What an empty list says: how to connect the first client. */
export function FirstClient({ source }: { source: ForeignSource | undefined }) {
  const [url, setUrl] = useState("ws://localhost:8000/ws");
  useEffect(() => setUrl(socketUrl(location)), []);
  return source?.kind === "target"
    ? <FirstThroughTap target={source.name} address={source.address ?? ""} />
    : <FirstInRooms url={url} />;
}

function FirstThroughTap({ target, address }: { target: string; address: string }) {
  return (
    <div class="first-client">
      <p class="first-client-title">No client has connected through the tap yet.</p>
      <p>
        Connect to the tap’s address in place of <code>{target}</code>{" "}
        and it appears here: its state, its frames, how it closed.
      </p>
      <Recipe label="From a shell" code={`npx wscat -c ${address}`} />
      <Recipe label="From a browser’s console" code={`ws = new WebSocket("${address}")`} />
    </div>
  );
}

function FirstInRooms({ url }: { url: string }) {
  const shell = `npx wscat -c ${url}`;
  const page = `ws = new WebSocket("${url}"); ws.onmessage = (e) => console.log(e.data); ` +
    `ws.onopen = () => ws.send('{"type":"join_room","room":"lobby"}')`;
  return (
    <div class="first-client">
      <p class="first-client-title">No client has connected yet.</p>
      <p>
        Connect one, and it appears here: its state, its frames, its rooms. This page’s own link
        isn’t counted.
      </p>
      <Recipe label="From a shell" code={shell} />
      <Recipe label="From a browser’s console" code={page} />
      <p>
        Or <a href="/rooms">join a room on this page</a> and talk to yourself in a second tab.
      </p>
    </div>
  );
}

function Recipe({ label, code }: { label: string; code: string }) {
  return (
    <div class="recipe">
      <span class="engraved">{label}</span>
      <code>{code}</code>
      <CopyButton text={code} label="Copy" />
    </div>
  );
}
