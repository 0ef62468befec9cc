import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { FlagError, readFlags } from "@/cli/flags.ts";
import { START_FLAGS } from "@/cli/start_flags.ts";
import { descriptorLimit, startOptions } from "@/cli/start_options.ts";

function options(args: string[], descriptors = 1_024) {
  return startOptions(readFlags(START_FLAGS, args, () => undefined), descriptors);
}

const messageOf = (args: string[]) => assertThrows(() => options(args), FlagError).message;

Deno.test("by default: loopback, its names, the tap with its guard, an open dashboard", () => {
  const { limit: _, ...made } = options([]);
  assertEquals(made, {
    port: 8000,
    hostname: "127.0.0.1",
    loopback: true,
    tap: true,
    guard: true,
    redact: false,
    allowedOrigins: [],
    allowedHosts: ["localhost", "127.0.0.1", "[::1]"],
    dashboardOpen: true,
    adminTokenFile: undefined,
    exporters: {
      log: { format: "text", level: "info" },
      report: { url: undefined, seconds: 60, tokenFile: undefined },
    },
    maxConnections: 308,
  });
});

Deno.test("every name of loopback is loopback", () => {
  for (const host of ["localhost", "127.0.0.1", "127.3.2.1", "::1", "[::1]", "::ffff:127.0.0.1"]) {
    const { loopback, dashboardOpen } = options(["--host", host]);
    assertEquals([loopback, dashboardOpen], [true, true], host);
  }
  assertEquals(options(["--host", "[::1]"]).hostname, "::1");
});

Deno.test("off loopback the dashboard needs a token", () => {
  for (
    const host of ["0.0.0.0", "::", "[::]", "192.0.2.1", "example.com", "127.0.0.1.example.com"]
  ) {
    assertStringIncludes(messageOf(["--host", host]), "--admin-token-file is missing");
    const made = options(["--host", host, "--admin-token-file", "f"]);
    assertEquals([made.loopback, made.dashboardOpen, made.adminTokenFile], [false, false, "f"]);
    assertEquals(made.allowedHosts, undefined, "any host is served where nothing is said");
  }
});

Deno.test("hosts: on loopback besides its own names, elsewhere alone", () => {
  assertEquals(options(["--allowed-host", "a.example", "--allowed-host", "B"]).allowedHosts, [
    "localhost",
    "127.0.0.1",
    "[::1]",
    "a.example",
    "B",
  ]);
  const args = ["--host", "0.0.0.0", "--admin-token-file", "f", "--allowed-host", "a.example"];
  assertEquals(options(args).allowedHosts, ["a.example"]);
});

Deno.test("another host's name closes the dashboard: a proxy may stand between", () => {
  assertEquals(options(["--allowed-host", "a.example"]).dashboardOpen, false);
});

Deno.test("a host that could never match is refused", () => {
  for (
    const host of ["a:80", "http://a", "a/", "a b", "", "*.example.com", "::1", "a@b", "ä.example"]
  ) {
    const args = [`--allowed-host=${host}`];
    assertStringIncludes(messageOf(args), "Cannot use --allowed-host", host);
  }
  for (const host of ["a", "A.Example", "[::1]", "192.0.2.1", "xn--4ca.example"]) {
    assert(options(["--allowed-host", host]).allowedHosts?.includes(host));
  }
});

Deno.test("an origin that could never match is refused", () => {
  const bad = [
    "*",
    "example.com",
    "https://a/",
    "https://a/path",
    "https://a?b",
    "https://",
    "",
    "//a",
  ];
  for (const origin of bad) {
    assertStringIncludes(messageOf([`--origin=${origin}`]), "--origin", origin);
  }
  const good = [
    "https://a",
    "http://a:8080",
    "https://*.example.com",
    "null",
    "app://x",
    "https://[::1]:1",
  ];
  for (const origin of good) assertEquals(options(["--origin", origin]).allowedOrigins, [origin]);
});

Deno.test("without the tap there is no guard", () => {
  const made = (...args: string[]) => {
    const { tap, guard } = options(args);
    return [tap, guard];
  };
  assertEquals(made("--no-tap"), [false, false]);
  assertEquals(made("--no-guard"), [true, false]);
  assertEquals(made("--no-tap", "--no-guard"), [false, false]);
});

Deno.test("connections in all: what the file descriptors allow, three each behind the tap", () => {
  const most = (descriptors: number, ...args: string[]) =>
    options(args, descriptors).maxConnections;
  assertEquals(most(1_024), 308);
  assertEquals(most(1_024, "--no-tap"), 924);
  assertEquals(most(10), 1, "never none");
  assertEquals(most(1_024, "--max-connections", "7"), 7);
  assertEquals(most(1_024, "--max-connections", "0"), 0, "any number");
});

Deno.test("limits are found by their flag", () => {
  const { limit } = options(["--rate-limit", "0", "--max-message-bytes", "7"]);
  assertEquals([limit("rate-limit"), limit("max-message-bytes")], [0, 7]);
  assertEquals(limit("heartbeat-ms"), 30_000);
});

Deno.test("the descriptor limit is this process's", async () => {
  const command = new Deno.Command("/bin/sh", { args: ["-c", "ulimit -n"], stdout: "piped" });
  const { stdout } = await command.output();
  assertEquals(descriptorLimit(), Number(new TextDecoder().decode(stdout)));
});
