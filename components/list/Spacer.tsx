/** Stands for the rows that aren't drawn. */
export function Spacer({ height }: { height: number }) {
  // Nothing on the server: there a style attribute would be against the page's policy.
  if (height === 0) return null;
  return <div class="spacer" role="presentation" style={{ height: `${height}px` }} />;
}
