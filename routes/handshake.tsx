import { page } from "fresh";
import { NoPermission } from "../components/NoPermission.tsx";
import { Handshake } from "../islands/Handshake.tsx";
import { define } from "../utils.ts";

export const handler = define.handlers({
  GET(ctx) {
    ctx.state.title = "Handshake";
    return page();
  },
});

export default define.page<typeof handler>(function HandshakePage({ state }) {
  if (!state.monitor) return <NoPermission />;
  return (
    <>
      <h1 class="hidden-text">Handshake</h1>
      <Handshake first={state.stats} />
    </>
  );
});
