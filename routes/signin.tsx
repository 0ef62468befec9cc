import { page } from "fresh";
import { define } from "../utils.ts";

export const handler = define.handlers({
  GET(ctx) {
    ctx.state.title = "Sign in";
    return page({ failed: ctx.url.searchParams.get("failed") === "1" });
  },
});

export default define.page<typeof handler>(function SignInPage({ data }) {
  return (
    <section class="panel notice sign-in" aria-labelledby="notice-title">
      <h1 id="notice-title" class="notice-title">Sign in to watch</h1>
      <p>
        This server listens beyond its own machine, so its dashboard asks for the admin token: the
        content of the file that the server was started with (<code>--admin-token-file</code>).
      </p>
      {data.failed && (
        <p id="signin-error" class="notice-error" role="alert">
          <span aria-hidden="true">✕</span>{" "}
          That isn’t the token. Look for a missing first or last character.
        </p>
      )}
      <form method="post" action="/signin" class="sign-in-form">
        <label class="engraved" for="token">Admin token</label>
        <input
          id="token"
          name="token"
          type="password"
          required
          autocomplete="current-password"
          autofocus
          aria-invalid={data.failed}
          aria-describedby={data.failed ? "signin-error" : undefined}
        />
        <button type="submit" class="key key-main">Sign in</button>
      </form>
      <p class="payload-note">
        The token becomes a cookie of this browser that no script can read and no other site can
        use.
      </p>
    </section>
  );
});
