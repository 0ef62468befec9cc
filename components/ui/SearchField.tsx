import type { Ref } from "preact";

/** What a search field shows. */
export interface SearchFieldProps {
  /** Its id. */
  id: string;
  /** What is searched. */
  label: string;
  /** What can be typed, as an example. */
  placeholder: string;
  /** The text. */
  value: string;
  /** Called at each keystroke. */
  onInput: (value: string) => void;
  /** The input itself, for focus. */
  inputRef?: Ref<HTMLInputElement>;
  /** Further classes. */
  class?: string;
}

/** A field that narrows a list while one types; Escape empties it. */
export function SearchField(props: SearchFieldProps) {
  return (
    <label class={`field ${props.class ?? ""}`} for={props.id}>
      <span class="hidden-text">{props.label}</span>
      <input
        id={props.id}
        ref={props.inputRef}
        type="search"
        autocomplete="off"
        spellcheck={false}
        placeholder={props.placeholder}
        value={props.value}
        onInput={(event) => props.onInput(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") props.onInput("");
        }}
      />
    </label>
  );
}
