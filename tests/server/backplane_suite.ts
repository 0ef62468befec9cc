import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { Backplane, Draft, PlacedMessage } from "@/server/mod.ts";

const FIVE_MINUTES = 300_000;

/** What a backplane under test gets and gives. */
export interface BackplaneSuiteOptions {
  /** Makes one that goes by this clock, in milliseconds. */
  make: (now: () => number) => Backplane;
}

/** A backplane, what its listener was told, and its clock. */
interface Bench extends AsyncDisposable {
  backplane: Backplane;
  told: PlacedMessage[];
  clock: { now: number };
}

/** What {@linkcode Backplane} promises, as tests that every implementation has to pass. */
export function testBackplane(name: string, { make }: BackplaneSuiteOptions): void {
  const bench = (): Bench => {
    const clock = { now: 1_000_000 };
    const backplane = make(() => clock.now);
    const told: PlacedMessage[] = [];
    backplane.onMessage((message) => told.push(message));
    return { backplane, told, clock, [Symbol.asyncDispose]: () => backplane.close() };
  };

  Deno.test(`${name}: a room begins before its first message`, async () => {
    await using made = bench();
    const { backplane } = made;
    const { epoch, seq } = backplane.position("lobby");
    assertEquals(seq, 0);
    assertNotEquals(epoch, "");
    assertEquals(backplane.position("lobby"), { epoch, seq: 0 }, "asking changes nothing");
    assertNotEquals(backplane.position("elsewhere").epoch, epoch);
  });

  Deno.test(`${name}: the listener is told in order, without gaps, before publish resolves`, async () => {
    await using made = bench();
    const { backplane, told } = made;
    const { epoch } = backplane.position("lobby");
    for (let seq = 1; seq <= 50; seq++) {
      const position = await backplane.publish("lobby", draft(seq));
      assertEquals(position, { epoch, seq });
      assertEquals(told.at(-1), { ...draft(seq), room: "lobby", epoch, seq });
    }
    assertEquals(told.map((message) => message.seq), range(50));
    assertEquals(backplane.position("lobby"), { epoch, seq: 50 });
  });

  Deno.test(`${name}: publishes that don't wait keep the order of their calls`, async () => {
    await using made = bench();
    const { backplane, told } = made;
    const rooms = ["a", "b", "c"];
    const positions = await Promise.all(
      range(300).map((n) => backplane.publish(rooms[n % 3], draft(n))),
    );
    for (const room of rooms) {
      const messages = told.filter((message) => message.room === room);
      assertEquals(messages.map((message) => message.seq), range(100), `${room}: no gap`);
      const contents = messages.map((message) => Number(message.content));
      assertEquals(contents, contents.toSorted((a, b) => a - b), `${room}: the calls' order`);
      assertEquals(new Set(messages.map((message) => message.epoch)).size, 1);
    }
    assertEquals(positions[299].seq, 100);
  });

  Deno.test(`${name}: what it hands out isn't its own state`, async () => {
    await using made = bench();
    const { backplane, told } = made;
    const position = await backplane.publish("lobby", draft(1));
    const { epoch } = position;
    position.seq = 99;
    backplane.position("lobby").seq = 98;
    told[0].seq = 97;
    assertEquals(await backplane.publish("lobby", draft(2)), { epoch, seq: 2 });
  });

  Deno.test(`${name}: an abandoned room keeps its epoch and sequence for five minutes`, async () => {
    await using made = bench();
    const { backplane, clock } = made;
    const before = await backplane.publish("lobby", draft(1));
    backplane.release("lobby");
    clock.now += FIVE_MINUTES - 1;
    assertEquals(backplane.position("lobby"), before);
  });

  Deno.test(`${name}: after five minutes an abandoned room starts anew`, async () => {
    await using made = bench();
    const { backplane, clock } = made;
    const before = await backplane.publish("lobby", draft(1));
    backplane.release("lobby");
    clock.now += FIVE_MINUTES;
    const after = backplane.position("lobby");
    assertNotEquals(after.epoch, before.epoch);
    assertEquals(after.seq, 0);
  });

  Deno.test(`${name}: a room that is held never starts anew`, async () => {
    await using made = bench();
    const { backplane, clock } = made;
    const before = await backplane.publish("lobby", draft(1));
    backplane.release("lobby");
    clock.now += FIVE_MINUTES - 1;
    assertEquals(backplane.position("lobby"), before, "held again");
    clock.now += 10 * FIVE_MINUTES;
    backplane.release("another room, so that it looks at its clock");
    assertEquals(backplane.position("lobby"), before);
  });

  Deno.test(`${name}: five minutes count from the last release`, async () => {
    await using made = bench();
    const { backplane, clock } = made;
    const before = await backplane.publish("lobby", draft(1));
    backplane.release("lobby");
    clock.now += FIVE_MINUTES - 1;
    backplane.release("lobby");
    clock.now += FIVE_MINUTES - 1;
    assertEquals(backplane.position("lobby"), before);
  });

  Deno.test(`${name}: releasing what nobody holds does nothing`, async () => {
    await using made = bench();
    const { backplane, told } = made;
    backplane.release("never seen");
    assertEquals(backplane.position("never seen").seq, 0);
    assertEquals(told, []);
  });

  Deno.test(`${name}: once closed it rejects publishes and tells nobody`, async () => {
    const { backplane, told } = bench();
    await backplane.publish("lobby", draft(1));
    await backplane.close();
    const error = await assertRejects(() => backplane.publish("lobby", draft(2)), Error);
    assert(error.message.startsWith("Cannot publish"), error.message);
    assertEquals(told.length, 1);
    await backplane.close();
  });
}

/** A draft whose content is a number. */
export function draft(content: number): Draft {
  return { from: "ann", clientId: "1", content, timestamp: 7 };
}

function range(most: number): number[] {
  return Array.from({ length: most }, (_, i) => i + 1);
}
