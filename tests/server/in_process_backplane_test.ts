import { assertEquals, assertNotEquals } from "@std/assert";
import { InProcessBackplane } from "@/server/mod.ts";
import { draft, testBackplane } from "./backplane_suite.ts";

testBackplane("in process", { make: (now) => new InProcessBackplane({ now }) });

Deno.test("in process: of too many abandoned rooms the longest abandoned go first", async () => {
  const backplane = new InProcessBackplane({ maxAbandoned: 2 });
  const before = new Map<string, string>();
  for (const room of ["a", "b", "c", "d"]) {
    before.set(room, (await backplane.publish(room, draft(1))).epoch);
  }
  for (const room of ["b", "a", "d", "c"]) backplane.release(room);
  const isKept = (room: string) => backplane.position(room).epoch === before.get(room);
  assertEquals(["c", "d", "a", "b"].map(isKept), [true, true, false, false]);
  await backplane.close();
});

Deno.test("in process: a room abandoned anew goes to the end of the line", async () => {
  const backplane = new InProcessBackplane({ maxAbandoned: 2 });
  const { epoch } = await backplane.publish("a", draft(1));
  for (const room of ["a", "b"]) {
    backplane.position(room);
    backplane.release(room);
  }
  backplane.release("a");
  backplane.position("c");
  backplane.release("c");
  assertEquals(backplane.position("a").epoch, epoch);
  await backplane.close();
});

Deno.test("in process: its own time to keep rooms", async () => {
  let now = 0;
  const backplane = new InProcessBackplane({ keepMs: 10, now: () => now });
  const { epoch } = backplane.position("a");
  backplane.release("a");
  now = 9;
  assertEquals(backplane.position("a").epoch, epoch);
  backplane.release("a");
  now = 19;
  assertNotEquals(backplane.position("a").epoch, epoch);
  await backplane.close();
});
