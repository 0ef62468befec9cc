import {
  type ComponentChildren,
  type ComponentType,
  createContext,
  Fragment,
  h,
  isValidElement,
  options,
  type VNode,
} from "preact";
import { useContext } from "preact/hooks";
import { renderToString } from "preact-render-to-string";
import { keepImages } from "./asset.ts";
import { markCurrent } from "./links.ts";
import { closing, opening, templateId } from "./marks.ts";
import type { Island, Snapshot } from "./snapshot.ts";
import type { Jsx } from "./types.ts";
import { type IslandData, isSignal, Slot, stringify } from "./wire.ts";

type Props = Record<string, unknown>;

/** What one page has collected while it is rendered. */
export class PageRender {
  /** Allows this page's scripts and styles under a content security policy. */
  readonly nonce: string = crypto.randomUUID().replaceAll("-", "");
  /** The islands that the page uses. */
  readonly islands: Set<Island> = new Set();
  /** The document's tags that were rendered. */
  readonly tags: Set<string> = new Set();
  /** What each rendered island got, in the order of their numbers. */
  readonly data: IslandData[] = [];
  /** The slots' content by number; null once it stands in the page. */
  readonly slots: (ComponentChildren | null)[] = [];

  /** Takes the page's address and what the build made. */
  constructor(readonly url: URL, readonly snapshot: Snapshot | null) {}

  /** Whether the browser has anything to run. */
  get needsClient(): boolean {
    return this.islands.size > 0 || !!this.snapshot?.isDevelopment;
  }

  /** Renders synchronously: nobody else's page can come in between. */
  toText(vnode: Jsx): string {
    current = this;
    try {
      return renderToString(vnode);
    } finally {
      current = null;
    }
  }
}

let current: PageRender | null = null;
let isPlain = false;
const known = new WeakSet<object>();
const InsideIsland = createContext(false);

/** Makes these components islands wherever they are created from now on. */
export function knowIslands(components: Iterable<unknown>) {
  for (const component of components) known.add(component as object);
}

keepImages();
const previous = options.vnode;
options.vnode = (vnode) => {
  if (!isPlain) adapt(vnode as VNode<Props>);
  previous?.(vnode);
};

/** A vnode is created before anyone can know where it stands, so a host finds out when it runs. */
function adapt(vnode: VNode<Props>) {
  const { type, props } = vnode;
  if (typeof type === "function") {
    if (known.has(type)) replace(vnode, IslandHost, { type, props });
  } else if (type === "html" || type === "head" || type === "body") {
    replace(vnode, DocumentTag, { type, props });
  } else if (current && type === "a") {
    markCurrent(props, current.url);
  } else if (current && (type === "script" || type === "style")) {
    props.nonce ||= current.nonce;
  }
}

function replace<P>(vnode: VNode<Props>, host: ComponentType<P>, props: P) {
  vnode.type = host as ComponentType<Props>;
  vnode.props = props as VNode<Props>["props"];
}

/** A vnode that stays what it is. */
function plain(type: string | ComponentType<Props>, props: Props): Jsx {
  isPlain = true;
  try {
    return h(type as ComponentType<Props>, props);
  } finally {
    isPlain = false;
  }
}

function DocumentTag({ type, props }: { type: string; props: Props }) {
  current?.tags.add(type);
  if (type !== "body") return plain(type, props);
  const children = [props.children as ComponentChildren, h(Scripts, null)];
  return plain(type, { ...props, children });
}

function IslandHost({ type, props }: { type: ComponentType<Props>; props: Props }) {
  const isInside = useContext(InsideIsland);
  const island = current?.snapshot?.islands.get(type);
  if (!current || !island || isInside) return plain(type, props);
  const page = current;
  page.islands.add(island);
  const sent = Object.fromEntries(
    Object.entries(props).map(([name, value]) => [name, slotted(page, name, value)]),
  );
  const number = page.data.push({ island: [...page.islands].indexOf(island), props: sent }) - 1;
  const content = h(InsideIsland.Provider, { value: true, children: plain(type, sent) });
  return marked("island", number, content);
}

/** JSX can't be sent, so it stays in the page and the island gets a reference to it. */
function slotted(page: PageRender, name: string, value: unknown): unknown {
  const isJsx = isValidElement(value) && !isSignal(value);
  if (!isJsx && (name !== "children" || value === undefined || value === null)) return value;
  const id = page.slots.push(value as ComponentChildren) - 1;
  return h(Slot, { id, render: SlotHost });
}

function SlotHost({ id }: { id: number }) {
  const page = current!;
  const content = page.slots[id];
  page.slots[id] = null;
  return marked("slot", id, h(InsideIsland.Provider, { value: false, children: content }));
}

function marked(kind: "island" | "slot", number: number, content: Jsx): Jsx {
  return h(
    Fragment,
    null,
    h(Fragment, { UNSTABLE_comment: opening(kind, number) } as Props),
    content,
    h(Fragment, { UNSTABLE_comment: closing(kind) } as Props),
  );
}

/** What ends the body: slots that no island has shown yet, then the script that starts all. */
function Scripts() {
  return h(Fragment, null, h(HiddenSlots, { from: 0 }), h(StartScript, null));
}

function HiddenSlots({ from }: { from: number }): Jsx | null {
  const { slots } = current!;
  if (from >= slots.length) return null;
  const templates = slots.slice(from).map((content, index) =>
    content === null ? null : h("template", { id: templateId(from + index) }, content)
  );
  // Islands in these templates may leave further slots behind.
  return h(Fragment, null, templates, h(HiddenSlots, { from: slots.length }));
}

function StartScript() {
  const page = current!;
  if (!page.needsClient) return null;
  const islands = [...page.islands];
  const imports = islands.map(({ exportName, file }, index) =>
    `import { ${exportName} as i${index} } from ${inScript(file)};`
  );
  const names = islands.map((_, index) => `i${index}`);
  const code = `import { boot } from ${inScript(page.snapshot!.clientEntry)};${imports.join("")}` +
    `boot([${names.join()}],${inScript(stringify(page.data))});`;
  return h("script", { type: "module", dangerouslySetInnerHTML: { __html: code } });
}

/** A string literal that can't end the script it stands in. */
function inScript(text: string): string {
  return JSON.stringify(text).replaceAll("<", "\\u003c");
}

/** The end of a document whose page has no body of its own. */
export function scriptsAlone(): Jsx {
  return h(Scripts, {});
}
