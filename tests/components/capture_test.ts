import { assertEquals, assertMatch } from "@std/assert";
import { refusalOf } from "../../components/capture/captures_api.ts";

const LIMITS = { maxFileBytes: 1_024, maxAllBytes: 2_048, maxCaptures: 2 };

Deno.test("a file that won't be taken isn't sent: the page says why, and what else there is", () => {
  assertEquals(refusalOf({ name: "a.har", size: 1_024 }, LIMITS), null);
  assertEquals(refusalOf({ name: "a.har", size: 0 }, LIMITS), "a.har is empty.");
  assertMatch(
    refusalOf({ name: "a.har", size: 1_025 }, LIMITS)!,
    /^a\.har has 1\.00 KiB; at most 1\.00 KiB are taken\. .*tap read FILE --dashboard$/,
  );
});
