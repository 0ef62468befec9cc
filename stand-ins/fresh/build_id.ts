/** The bundler writes the id into the browser's copy, where nothing else could set it in time. */
declare const FRESH_BUILD_ID: string | undefined;

let current = typeof FRESH_BUILD_ID === "string" ? FRESH_BUILD_ID : "";

/** The id of the build that is served; it changes with each build unless the environment sets it. */
export function buildId(): string {
  return current;
}

/** Called when a snapshot is attached to an app. */
export function setBuildId(id: string) {
  current = id;
}

let made: Promise<string> | undefined;

/** The id of all builds of this process: from the environment where it knows one, or random. */
export function newBuildId(): Promise<string> {
  const names = ["DENO_DEPLOYMENT_ID", "GITHUB_SHA", "CI_COMMIT_SHA"];
  const known = names.map((name) => Deno.env.get(name)).find((value) => value !== undefined);
  return made ??= hexDigest(known ?? crypto.randomUUID());
}

async function hexDigest(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.digest("SHA-1", bytes)).toHex();
}
