import { page } from "fresh";
import { NoPermission } from "../../components/NoPermission.tsx";
import { ConnectionView } from "../../islands/ConnectionView.tsx";
import { define } from "../../utils.ts";

export const handler = define.handlers({
  GET(ctx) {
    ctx.state.title = `Connection ${ctx.params.id}`;
    return page();
  },
});

export default define.page<typeof handler>(function ConnectionPage({ state, params }) {
  if (!state.monitor) return <NoPermission />;
  return (
    <>
      <h1 class="hidden-text">Connection {params.id}</h1>
      <ConnectionView id={params.id} first={state.stats} />
    </>
  );
});
