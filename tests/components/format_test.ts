import { assertEquals } from "@std/assert";
import {
  formatAge,
  formatBytes,
  formatCompact,
  formatCount,
  formatDuration,
  formatHex,
  formatLatency,
  joinReading,
} from "../../components/format.ts";

Deno.test("counts are grouped by thousands", () => {
  assertEquals([0, 999, 1_000, 1_234_567].map(formatCount), ["0", "999", "1,000", "1,234,567"]);
});

Deno.test("a compact count keeps to its slot", () => {
  assertEquals(formatCompact(999_999), { value: "999,999", unit: "" });
  assertEquals(formatCompact(1_234_567), { value: "1.23", unit: "M" });
  assertEquals(formatCompact(123_456_789), { value: "123", unit: "M" });
  assertEquals(formatCompact(5_000_000_000), { value: "5.00", unit: "G" });
});

Deno.test("bytes go in steps of 1,024 and never show four digits", () => {
  assertEquals(joinReading(formatBytes(0)), "0 B");
  assertEquals(joinReading(formatBytes(999)), "999 B");
  assertEquals(joinReading(formatBytes(1_000)), "0.98 KiB");
  assertEquals(joinReading(formatBytes(65_536)), "64.0 KiB");
  assertEquals(joinReading(formatBytes(1_048_576)), "1.00 MiB");
  assertEquals(joinReading(formatBytes(2 ** 50)), "1,024 TiB");
});

Deno.test("a latency has the unit that suits it, and a dash where there is none", () => {
  assertEquals(formatLatency(null), { value: "–", unit: "ms" });
  assertEquals(formatLatency(0.412), { value: "412", unit: "µs" });
  assertEquals(formatLatency(3.21), { value: "3.21", unit: "ms" });
  assertEquals(formatLatency(1_240), { value: "1.24", unit: "s" });
});

Deno.test("durations have two parts at most", () => {
  assertEquals(
    [-5, 0, 380, 4_200, 10_000, 187_000, 7_500_000, 273_600_000].map(formatDuration),
    ["0 ms", "0 ms", "380 ms", "4.2 s", "10 s", "3 min 07 s", "2 h 05 min", "3 d 04 h"],
  );
});

Deno.test("an age changes once a second", () => {
  assertEquals([-1, 999, 1_001, 61_500].map(formatAge), ["0 s", "0 s", "1 s", "1 min 01 s"]);
});

Deno.test("hexadecimal keeps its digits", () => {
  assertEquals([formatHex(5), formatHex(0x1f, 4)], ["0x05", "0x001f"]);
});
