import type { ComponentChildren } from "preact";

/** What stands where no row does: a row itself, because a table may hold nothing else. */
export function EmptyRow(
  { cell = "cell", children }: { cell?: "cell" | "gridcell"; children: ComponentChildren },
) {
  return (
    <div role="row">
      <p role={cell} class="empty">{children}</p>
    </div>
  );
}
