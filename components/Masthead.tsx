import { LinkStatus } from "../islands/LinkStatus.tsx";
import { ThemeSwitch } from "../islands/ThemeSwitch.tsx";
import type { DashboardKind } from "../utils.ts";
import { Logo } from "./ui/Logo.tsx";

const PAGES = [
  { href: "/", label: "Overview" },
  { href: "/connections", label: "Connections" },
  { href: "/frames", label: "Frames" },
  { href: "/handshake", label: "Handshake" },
  { href: "/rooms", label: "Rooms" },
  { href: "/captures", label: "Captures" },
] as const;

/** What there is to see: rooms are our own server's, and files happen no more. */
const PAGES_OF: Readonly<Record<DashboardKind, readonly string[]>> = {
  server: PAGES.map(({ href }) => href),
  target: ["/", "/connections", "/frames", "/captures"],
  files: ["/captures"],
};

/** What the front panel needs to know. */
export interface MastheadProps {
  /** The page's path. */
  path: string;
  /** Whether the request may see the dashboard. */
  monitor: boolean;
  /** What the dashboard is opened on. */
  kind: DashboardKind;
}

/** The head of the front panel: name, pages, the state of the link, the theme. */
export function Masthead({ path, monitor, kind }: MastheadProps) {
  return (
    <header class="masthead">
      <div class="masthead-row">
        <a
          class="wordmark"
          href="/"
          aria-label="Roomscope, to the overview"
          aria-current={path === "/" ? "page" : "false"}
        >
          <Logo />
          <span>
            room<b>scope</b>
          </span>
        </a>
        {monitor && (
          <nav class="nav" aria-label="Pages">
            {PAGES.filter(({ href }) => PAGES_OF[kind].includes(href)).map(({ href, label }) => (
              <a key={href} href={href} aria-current={currentOf(href, path)}>{label}</a>
            ))}
          </nav>
        )}
        <div class="masthead-end">
          {monitor && isLive(path) && <LinkStatus />}
          <ThemeSwitch />
        </div>
      </div>
    </header>
  );
}

/** Set here, because Fresh takes `/` for every page's ancestor. */
function currentOf(href: string, path: string): "page" | "true" | "false" {
  if (href === path) return "page";
  return href !== "/" && path.startsWith(`${href}/`) ? "true" : "false";
}

/** Whether a page at this address has a link: error pages and the sign-in page have none. */
function isLive(path: string): boolean {
  return PAGES.some(({ href }) => currentOf(href, path) !== "false");
}
