import { page } from "fresh";
import { NoPermission } from "../components/NoPermission.tsx";
import { Frames } from "../islands/Frames.tsx";
import { define } from "../utils.ts";

export const handler = define.handlers({
  GET(ctx) {
    ctx.state.title = "Frames";
    return page();
  },
});

export default define.page<typeof handler>(function FramesPage({ state }) {
  if (!state.monitor) return <NoPermission />;
  return (
    <>
      <h1 class="hidden-text">Frames</h1>
      <Frames first={state.stats} />
    </>
  );
});
