import { type ComponentChild, type ComponentType, Fragment, h, render } from "preact";
import { keepImages } from "./asset.ts";
import { type Kind, parseMark, templateId } from "./marks.ts";
import { parse } from "./wire.ts";

interface Range {
  kind: Kind;
  number: number;
  start: Comment;
  end: Comment;
  /** Whether another range is around it. */
  isInner: boolean;
}

keepImages();

/** Starts the page's islands: each on the nodes that the server has rendered for it. */
export function boot(components: ComponentType[], text: string) {
  const slots = new Map<number, ComponentChild[]>();
  const islands = parse(text, ({ id }) => h(Fragment, null, slots.get(id)));
  const create = (number: number) => {
    const { island, props } = islands[number];
    return h(components[island], props);
  };
  for (const { number, parent } of readPage(slots, create)) {
    soon(() => render(create(number), parent));
  }
}

/** A task of its own for each island, so that input is answered in between. */
function soon(task: () => void) {
  const { scheduler } = globalThis as { scheduler?: { postTask?(task: () => void): unknown } };
  if (scheduler?.postTask) scheduler.postTask(task);
  else setTimeout(task, 0);
}

type Create = (island: number) => ComponentChild;

/**
 * Takes the server's comments away. Fills `slots` with JSX made of the nodes between them, and
 * gives the outer islands, each with a parent that has no other nodes than the island's.
 */
function readPage(slots: Map<number, ComponentChild[]>, create: Create) {
  const hidden = hiddenSlots();
  const shown = rangesIn(document.body).filter(isWhole);
  const all = [...shown, ...hidden.flatMap(({ content }) => rangesIn(content).filter(isWhole))];
  const starts = new Map(all.filter(isIsland).map((range) => [range.start as Node, range]));
  for (const { number, content } of hidden) {
    slots.set(number, toJsx(content.firstChild, null, starts, create));
  }
  for (const { kind, number, start, end } of all) {
    if (kind === "slot") slots.set(number, toJsx(start.nextSibling, end, starts, create));
  }
  const outer = shown.filter((range) => isIsland(range) && !range.isInner);
  const found = outer.map((range) => ({ number: range.number, parent: parentOf(range) }));
  for (const { start, end } of all) for (const mark of [start, end]) mark.remove();
  return found;
}

function isIsland({ kind }: Range): boolean {
  return kind === "island";
}

/** Slots that no island has shown yet wait in templates. */
function hiddenSlots(): { number: number; content: DocumentFragment }[] {
  return [...document.querySelectorAll("template")].flatMap(({ id, content }) => {
    const number = Number(id.match(/\d+$/));
    return id === templateId(number) ? [{ number, content }] : [];
  });
}

/** JSX for nodes of the page: elements as they stand, islands as components. */
function toJsx(
  node: Node | null,
  end: Node | null,
  starts: Map<Node, Range>,
  create: Create,
): ComponentChild[] {
  const children: ComponentChild[] = [];
  for (; node && node !== end; node = node.nextSibling) {
    const range = starts.get(node);
    if (range) {
      children.push(create(range.number));
      node = range.end;
    } else if (node instanceof Element) {
      const inner = toJsx(node.firstChild, null, starts, create);
      children.push(h(node.localName, attributesOf(node), ...inner));
    } else if (node instanceof Text) {
      children.push(node.data);
    }
  }
  return children;
}

function rangesIn(root: Node): Range[] {
  const ranges: Range[] = [];
  const open: Omit<Range, "end">[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_COMMENT);
  while (walker.nextNode()) {
    const comment = walker.currentNode as Comment;
    const mark = parseMark(comment.data);
    if (mark?.opens) {
      open.push({ ...mark, start: comment, isInner: open.length > 0 });
    } else if (mark) {
      const range = open.pop();
      if (range) ranges.push({ ...range, end: comment });
    }
  }
  return ranges;
}

function isWhole({ kind, number, start, end }: Range): boolean {
  if (start.parentNode === end.parentNode) return true;
  console.error(
    `Cannot start ${kind} ${number}: the browser has moved its nodes apart. Look for a block ` +
      `element inside of <p> or another nesting that HTML doesn't know.`,
  );
  return false;
}

/** Preact takes attributes as props; an attribute without value is on. */
function attributesOf(element: Element): Record<string, unknown> {
  const props: Record<string, unknown> = {};
  for (const { name, value } of element.attributes) {
    // A text is no listener for Preact.
    if (name.startsWith("on")) continue;
    const isSwitch = value === "" && typeof Reflect.get(element, name) === "boolean";
    props[name] = isSwitch ? true : value;
  }
  return props;
}

/**
 * Preact renders into a parent and takes all its children, so an island gets one of its own. Its
 * ends are empty texts: where Preact looks for a place it passes over comments.
 */
function parentOf({ start, end }: Range): Element {
  const parent = start.parentNode as Element;
  const [first, last] = [new Text(), new Text()];
  start.before(first);
  end.after(last);
  const nodes = () => {
    const found: ChildNode[] = [];
    for (let node = first.nextSibling; node && node !== last; node = node.nextSibling) {
      found.push(node);
    }
    return found;
  };
  return {
    nodeType: Node.ELEMENT_NODE,
    parentNode: parent,
    namespaceURI: parent.namespaceURI,
    ownerDocument: parent.ownerDocument,
    get firstChild() {
      return nodes()[0] ?? null;
    },
    get childNodes() {
      return nodes();
    },
    insertBefore: (node: Node, child: Node | null) => parent.insertBefore(node, child ?? last),
    appendChild: (node: Node) => parent.insertBefore(node, last),
    removeChild: (node: Node) => parent.removeChild(node),
    contains: (node: Node | null) => nodes().some((it) => it.contains(node)),
  } as unknown as Element;
}
