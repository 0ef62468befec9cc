import { useEffect, useMemo, useState } from "preact/hooks";
import type { ServerStats } from "../protocol/monitor_records.ts";
import { useMonitor } from "../components/live/use_monitor.ts";
import { JoinForm } from "../components/room/JoinForm.tsx";
import { RoomConsole } from "../components/room/RoomConsole.tsx";
import { RoomList } from "../components/room/RoomList.tsx";
import { parseRoomHash } from "../components/room/room_hash.ts";
import { TalkClient } from "../components/room/talk_client.ts";
import { Panel } from "../components/ui/Panel.tsx";

/** The rooms, and a client of the page's own to join them with and talk. */
export function Rooms({ first }: { first: ServerStats | null }) {
  const { store } = useMonitor(first, { topics: ["metrics", "connections"] });
  const client = useMemo(() => new TalkClient(), []);
  const [room, setRoom] = useState("");
  useEffect(() => setRoom(parseRoomHash(location.hash) ?? ""), []);
  const talk = client.talks.value.get(room);
  const join = (name: string) => {
    setRoom(name);
    client.join(name);
  };
  return (
    <div class="rooms-page">
      <JoinForm
        room={room}
        joined={[...client.talks.value.keys()]}
        onJoin={join}
        onRoom={setRoom}
      />
      <RoomList store={store} chosen={room} onChoose={setRoom} />
      {talk !== undefined
        ? <RoomConsole client={client} talk={talk} />
        : (
          <Panel id="talk" title={room === "" ? "No room chosen" : `Room ${room}`} class="talk">
            <div class="empty empty-tall">
              <p class="empty-title">
                {room === "" ? "Join a room and talk." : `You aren’t in ${room}.`}
              </p>
              <p>
                This page opens a second connection for it. It is counted and shown like any other:
                watch its frames while you talk.
              </p>
              {room !== "" && (
                <p>
                  <button type="button" class="key key-main" onClick={() => join(room)}>
                    Join {room}
                  </button>
                </p>
              )}
            </div>
          </Panel>
        )}
    </div>
  );
}
