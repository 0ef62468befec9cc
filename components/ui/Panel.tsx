import type { ComponentChildren } from "preact";

/** What a panel shows around its content. */
export interface PanelProps {
  /** Its id: names the heading too. */
  id: string;
  /** The engraved title. */
  title: string;
  /** A figure or remark beside the title. */
  note?: ComponentChildren;
  /** Switches and fields at the right. */
  tools?: ComponentChildren;
  /** Further classes. */
  class?: string;
  /** The content. */
  children: ComponentChildren;
}

/** One instrument of the front panel. */
export function Panel(props: PanelProps) {
  return (
    <section
      id={props.id}
      class={`panel ${props.class ?? ""}`}
      aria-labelledby={`${props.id}-title`}
    >
      <header class="panel-head">
        <h2 id={`${props.id}-title`} class="engraved">{props.title}</h2>
        {props.note !== undefined && <div class="panel-note">{props.note}</div>}
        {props.tools !== undefined && <div class="panel-tools">{props.tools}</div>}
      </header>
      {props.children}
    </section>
  );
}
