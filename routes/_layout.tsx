import { Masthead } from "../components/Masthead.tsx";
import { define } from "../utils.ts";

/** The front panel around every page. */
export default define.layout(function Layout({ Component, state, url }) {
  return (
    <>
      <a class="skip-link" href="#main">Skip to the page’s content</a>
      <Masthead path={url.pathname} monitor={state.monitor} kind={state.kind} />
      <main id="main" class="page" tabIndex={-1}>
        <Component />
      </main>
    </>
  );
});
