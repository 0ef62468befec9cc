import { useMemo } from "preact/hooks";
import { formatCount } from "../format.ts";
import { EmptyRow } from "../list/EmptyRow.tsx";
import { Spacer } from "../list/Spacer.tsx";
import { useWindow } from "../list/use_window.ts";
import { ROW_HEIGHT } from "../list/window_range.ts";
import { sortedRooms } from "../live/connection_table.ts";
import type { MonitorStore } from "../live/monitor_store.ts";
import { Panel } from "../ui/Panel.tsx";

/** What the list of rooms shows and does. */
export interface RoomListProps {
  /** Where the rooms come from. */
  store: MonitorStore;
  /** The chosen room, where one can be chosen. */
  chosen?: string;
  /** Called with the room that is chosen; without it, rows lead to the Rooms page. */
  onChoose?: (room: string) => void;
}

/** The rooms with members, the fullest first. */
export function RoomList({ store, chosen, onChoose }: RoomListProps) {
  const version = store.tableVersion.value;
  const rooms = useMemo(() => sortedRooms(store.table.rooms.values()), [version]);
  const { scroller, onScroll, range } = useWindow({ count: rooms.length, rowHeight: ROW_HEIGHT });
  // The list comes within a second after the figures; until then "none" would be a guess.
  const isKnown = rooms.length > 0 ||
    (store.ready.value && store.server.value?.totals.rooms === 0);
  return (
    <Panel
      id="rooms"
      title="Rooms"
      class="rooms"
      note={isKnown ? `${formatCount(rooms.length)} with members` : ""}
    >
      <div class="sheet" role="table" aria-label="Rooms" aria-rowcount={rooms.length + 1}>
        <div class="sheet-head room-row" role="row" aria-rowindex={1}>
          <span role="columnheader">Room</span>
          <span role="columnheader" class="col-number">Members</span>
          <span role="columnheader" class="col-number">Seq</span>
          <span role="columnheader" class="col-epoch">Epoch</span>
        </div>
        <div class="sheet-scroll" ref={scroller} onScroll={onScroll} role="rowgroup" tabIndex={0}>
          <Spacer height={range.before} />
          {rooms.slice(range.first, range.end).map((room, index) => (
            <div
              key={room.room}
              class={`sheet-row room-row ${room.room === chosen ? "chosen" : ""}`}
              role="row"
              aria-rowindex={range.first + index + 2}
            >
              <span role="cell" class="col-room">
                <RoomName room={room.room} chosen={chosen} onChoose={onChoose} />
              </span>
              <span role="cell" class="col-number">{formatCount(room.members)}</span>
              <span role="cell" class="col-number">{formatCount(room.seq)}</span>
              <span role="cell" class="col-epoch" title={room.epoch}>{room.epoch}</span>
            </div>
          ))}
          <Spacer height={range.after} />
          {rooms.length === 0 && (
            <EmptyRow>
              {isKnown ? "No room has a member." : "Waiting for the server’s list of rooms."}
            </EmptyRow>
          )}
        </div>
      </div>
    </Panel>
  );
}

function RoomName(
  { room, chosen, onChoose }: {
    room: string;
    chosen?: string;
    onChoose?: (room: string) => void;
  },
) {
  if (onChoose === undefined) {
    return <a class="row-link" href={`/rooms#room=${encodeURIComponent(room)}`}>{room}</a>;
  }
  return (
    <button
      type="button"
      class="row-link"
      aria-pressed={room === chosen}
      onClick={() => onChoose(room)}
    >
      {room}
    </button>
  );
}
