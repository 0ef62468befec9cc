import { useEffect, useState } from "preact/hooks";

const CONFIRMATION_MS = 1_600;

/** Copies a text; the button itself says that it did. */
export function CopyButton({ text, label }: { text: string | (() => string); label: string }) {
  const [outcome, setOutcome] = useState<"" | "Copied" | "Copying failed">("");
  useEffect(() => {
    if (outcome === "") return;
    const timer = setTimeout(() => setOutcome(""), CONFIRMATION_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  return (
    <button
      type="button"
      class="key copy"
      onClick={() =>
        copyText(typeof text === "string" ? text : text()).then(
          () => setOutcome("Copied"),
          () => setOutcome("Copying failed"),
        )}
    >
      <span class={outcome === "" ? "" : "copy-away"}>{label}</span>
      <span class="copy-outcome" role="status">{outcome}</span>
    </button>
  );
}

/** The clipboard of pages that aren't secure contexts is the old one. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("Cannot copy: the browser refused");
}
