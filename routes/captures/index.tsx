import { page } from "fresh";
import { NoPermission } from "../../components/NoPermission.tsx";
import { Captures } from "../../islands/Captures.tsx";
import { captureList, define } from "../../utils.ts";

export const handler = define.handlers({
  GET(ctx) {
    ctx.state.title = "Captures";
    return page();
  },
});

export default define.page<typeof handler>(function CapturesPage({ state }) {
  if (!state.monitor) return <NoPermission />;
  return (
    <>
      <h1 class="hidden-text">Captures</h1>
      <Captures first={captureList()} stats={state.stats} />
    </>
  );
});
