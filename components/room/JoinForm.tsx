import { useEffect, useState } from "preact/hooks";
import { Panel } from "../ui/Panel.tsx";

/** What the form for joining shows. */
export interface JoinFormProps {
  /** The chosen room. */
  room: string;
  /** The rooms joined on this page. */
  joined: readonly string[];
  /** Called with the room to join. */
  onJoin: (room: string) => void;
  /** Called with the room to look at. */
  onRoom: (room: string) => void;
}

/** Where a room is named and joined, and where one changes between those joined. */
export function JoinForm({ room, joined, onJoin, onRoom }: JoinFormProps) {
  const [name, setName] = useState("");
  useEffect(() => setName(room), [room]);
  return (
    <Panel id="join" title="Join" class="join">
      <form
        class="composer"
        onSubmit={(event) => {
          event.preventDefault();
          if (name !== "") onJoin(name);
        }}
      >
        <label class="field" for="room-name">
          <span class="hidden-text">Room’s name</span>
          <input
            id="room-name"
            autocomplete="off"
            spellcheck={false}
            placeholder="room, e.g. lobby"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="key key-main" disabled={name === ""}>Join</button>
      </form>
      {joined.length > 0 && (
        <p class="joined-rooms">
          <span class="engraved">Joined here</span>
          {joined.map((one) => (
            <button
              key={one}
              type="button"
              class="tag tag-key"
              aria-pressed={one === room}
              onClick={() => onRoom(one)}
            >
              {one}
            </button>
          ))}
        </p>
      )}
    </Panel>
  );
}
