import { page } from "fresh";
import { NoPermission } from "../components/NoPermission.tsx";
import { Rooms } from "../islands/Rooms.tsx";
import { NoRooms } from "../components/room/NoRooms.tsx";
import { define } from "../utils.ts";

export const handler = define.handlers({
  GET(ctx) {
    ctx.state.title = "Rooms";
    return page();
  },
});

export default define.page<typeof handler>(function RoomsPage({ state }) {
  if (!state.monitor) return <NoPermission />;
  if (state.kind !== "server") return <NoRooms />;
  return (
    <>
      <h1 class="hidden-text">Rooms</h1>
      <Rooms first={state.stats} />
    </>
  );
});
