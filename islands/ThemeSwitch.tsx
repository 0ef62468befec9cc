import { useEffect, useState } from "preact/hooks";
import { Segments } from "../components/ui/Segments.tsx";
import { applyTheme, savedTheme, type Theme } from "../components/ui/theme.ts";

const THEMES = [
  { value: "auto", label: "Auto" },
  { value: "light", label: "Paper" },
  { value: "dark", label: "Phosphor" },
] as const;

/** Light, dark, or as the system says. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>("auto");
  useEffect(() => setTheme(savedTheme()), []);
  const choose = (next: Theme) => {
    setTheme(next);
    applyTheme(next);
  };
  return <Segments name="theme" legend="Theme" options={THEMES} value={theme} onChange={choose} />;
}
