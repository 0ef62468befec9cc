import { moveRow, partOf, type Selection, type TreeRow } from "./selection.ts";

/** What the tree of fields shows. */
export interface FieldTreeProps {
  /** The fields. */
  rows: readonly TreeRow[];
  /** What is chosen. */
  selection: Selection;
  /** Called with the field that is chosen. */
  onField: (index: number) => void;
}

/** Every field of the frame: its bits, its value, what that means, and where the RFC says so. */
export function FieldTree({ rows, selection, onField }: FieldTreeProps) {
  return (
    <div
      class="fields"
      role="tree"
      tabIndex={0}
      aria-label="Fields of the frame"
      aria-activedescendant={`field-${selection.field}`}
      onKeyDown={(event) => {
        const target = moveRow(selection.field, event.key, rows.length);
        if (target === null) return;
        event.preventDefault();
        onField(target);
      }}
    >
      {rows.map(({ field, level }, index) => (
        <div
          key={`${field.id}${field.byteOffset}`}
          id={`field-${index}`}
          role="treeitem"
          aria-level={level}
          aria-selected={index === selection.field}
          class={`field-row level-${level} part-${partOf(field.id)}`}
          onClick={() => onField(index)}
        >
          <span class="field-pattern">{patternText(field)}</span>
          <span class="field-name">{field.name}</span>
          <span class="field-value">{field.value === "" ? "(empty)" : field.value}</span>
          <span class="field-meaning">{field.meaning}</span>
          <span class="field-section">{sectionText(field.section)}</span>
        </div>
      ))}
    </div>
  );
}

/** Bit patterns of one byte in full; longer ones as hex, or nothing would be left of the row. */
function patternText({ pattern, raw, byteLength }: TreeRow["field"]): string {
  if (pattern !== "" && byteLength === 1) return pattern;
  return byteLength <= 8 ? raw : `${raw.slice(0, 11)} …`;
}

function sectionText(section: string): string {
  return section.startsWith("RFC") ? section : `§${section}`;
}
