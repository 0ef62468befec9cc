/** Light, dark, or as the system says. */
export type Theme = "auto" | "light" | "dark";

// static/theme.js reads the same key before the first paint.
const KEY = "roomscope.theme";

/** The theme that was chosen in this browser. */
export function savedTheme(): Theme {
  try {
    const saved = localStorage.getItem(KEY);
    return saved === "light" || saved === "dark" ? saved : "auto";
  } catch {
    return "auto";
  }
}

/** Shows a theme and remembers it. */
export function applyTheme(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "auto") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Storage can be forbidden: then it holds for this page.
  }
}
