import "preact/debug";

export { boot } from "./client.ts";

/** The dev server ends with each change; the page comes back with the next one. */
const ALIVE = "/_frsh/alive";
const RETRY_MS = 300;

function watch(isReconnect: boolean) {
  const socket = new WebSocket(ALIVE);
  let wasOpen = false;
  socket.onopen = () => {
    wasOpen = true;
    if (isReconnect) location.reload();
  };
  socket.onclose = () => setTimeout(() => watch(isReconnect || wasOpen), RETRY_MS);
}

watch(false);
