/** What a page shows to somebody who may not see it. */
export function NoPermission() {
  return (
    <section class="panel notice" aria-labelledby="notice-title">
      <h1 id="notice-title" class="notice-title">You can’t see this dashboard yet.</h1>
      <p>
        Watching needs the <code>monitor</code>{" "}
        permission. Sign in with the server’s admin token to get it.
      </p>
      <p>
        <a class="key key-main" href="/signin">Sign in</a>
      </p>
    </section>
  );
}
