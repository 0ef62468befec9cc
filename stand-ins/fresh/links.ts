/** Marks a link to the page it stands on, or to one above it. */
export function markCurrent(props: Record<string, unknown>, { pathname, search }: URL) {
  const { href } = props;
  if (typeof href !== "string" || !href.startsWith("/")) return;
  if (props["aria-current"] !== undefined) return;
  const target = new URL(href, "http://localhost");
  const [here, there] = [bare(pathname), bare(target.pathname)];
  if (here !== there && there !== "/" && !here.startsWith(`${there}/`)) return;
  const isHere = here === there && (target.search === "" || target.search === search);
  props[isHere ? "data-current" : "data-ancestor"] = "true";
  props["aria-current"] = isHere ? "page" : "true";
}

function bare(path: string): string {
  return path === "/" ? path : path.replace(/\/$/, "");
}
