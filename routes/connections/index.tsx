import { page } from "fresh";
import { NoPermission } from "../../components/NoPermission.tsx";
import { Connections } from "../../islands/Connections.tsx";
import { define } from "../../utils.ts";

export const handler = define.handlers({
  GET(ctx) {
    ctx.state.title = "Connections";
    return page();
  },
});

export default define.page<typeof handler>(function ConnectionsPage({ state }) {
  if (!state.monitor) return <NoPermission />;
  return (
    <>
      <h1 class="hidden-text">Connections</h1>
      <Connections first={state.stats} />
    </>
  );
});
