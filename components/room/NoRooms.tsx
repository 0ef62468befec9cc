/** What the Rooms page says where the server isn't ours. */
export function NoRooms() {
  return (
    <section class="panel notice" aria-labelledby="notice-title">
      <h1 id="notice-title" class="notice-title">This server isn’t ours: it has no rooms here.</h1>
      <p>
        The tap stands before somebody else’s server. It sees connections and frames; what they mean
        is that server’s own business.
      </p>
      <p>
        <a class="key key-main" href="/connections">Connections</a>
      </p>
    </section>
  );
}
