import type { ConnectionEdge } from "../../protocol/connection_state.ts";

/** Where a state's box stands. */
export interface NodeBox {
  /** Left edge. */
  x: number;
  /** Top edge. */
  y: number;
  /** Width. */
  width: number;
  /** Height. */
  height: number;
}

/** How an edge is drawn. */
export interface EdgeShape {
  /** SVG path data; the arrow's head is at its end. */
  path: string;
  /** The arrow's head as SVG path data. */
  head: string;
  /** Where its label stands. */
  labelX: number;
  /** The label's first baseline. */
  labelY: number;
  /** How the label is anchored. */
  anchor: "start" | "middle" | "end";
}

/** A whole drawing of the diagram. */
export interface DiagramLayout {
  /** Width of the drawing. */
  width: number;
  /** Height of the drawing. */
  height: number;
  /** The four states' boxes, by ready state. */
  nodes: readonly NodeBox[];
  /** The six edges, by their names. */
  edges: Readonly<Record<ConnectionEdge["name"], EdgeShape>>;
}

const HEAD = 7;

function head(x: number, y: number, direction: "right" | "down" | "up" | "left"): string {
  const turns = {
    right: `M${x} ${y}l${-HEAD} -4.5v9Z`,
    left: `M${x} ${y}l${HEAD} -4.5v9Z`,
    down: `M${x} ${y}l-4.5 ${-HEAD}h9Z`,
    up: `M${x} ${y}l-4.5 ${HEAD}h9Z`,
  };
  return turns[direction];
}

/** Four boxes in a row: the way that most connections take is the straight line. */
export const WIDE_LAYOUT: DiagramLayout = {
  width: 1000,
  height: 330,
  nodes: [
    { x: 4, y: 126, width: 132, height: 50 },
    { x: 290, y: 126, width: 132, height: 50 },
    { x: 576, y: 126, width: 132, height: 50 },
    { x: 864, y: 126, width: 132, height: 50 },
  ],
  edges: {
    opened: {
      path: "M136 151H283",
      head: head(290, 151, "right"),
      labelX: 213,
      labelY: 86,
      anchor: "middle",
    },
    closing: {
      path: "M422 151H569",
      head: head(576, 151, "right"),
      labelX: 499,
      labelY: 86,
      anchor: "middle",
    },
    closed: {
      path: "M708 151H857",
      head: head(864, 151, "right"),
      labelX: 786,
      labelY: 86,
      anchor: "middle",
    },
    lost: {
      path: "M356 126V46Q356 36 366 36H920Q930 36 930 46V119",
      head: head(930, 126, "down"),
      labelX: 643,
      labelY: 16,
      anchor: "middle",
    },
    close_called_early: {
      path: "M92 176V216Q92 226 102 226H632Q642 226 642 216V183",
      head: head(642, 176, "up"),
      labelX: 356,
      labelY: 204,
      anchor: "middle",
    },
    handshake_failed: {
      path: "M48 176V296Q48 306 58 306H920Q930 306 930 296V183",
      head: head(930, 176, "up"),
      labelX: 500,
      labelY: 284,
      anchor: "middle",
    },
  },
};

/** Four boxes in a column, for a phone. */
export const TALL_LAYOUT: DiagramLayout = {
  width: 366,
  height: 560,
  nodes: [
    { x: 130, y: 4, width: 120, height: 44 },
    { x: 130, y: 168, width: 120, height: 44 },
    { x: 130, y: 332, width: 120, height: 44 },
    { x: 130, y: 500, width: 120, height: 44 },
  ],
  edges: {
    opened: {
      path: "M190 48V161",
      head: head(190, 168, "down"),
      labelX: 198,
      labelY: 82,
      anchor: "start",
    },
    closing: {
      path: "M190 212V325",
      head: head(190, 332, "down"),
      labelX: 198,
      labelY: 246,
      anchor: "start",
    },
    closed: {
      path: "M190 376V493",
      head: head(190, 500, "down"),
      labelX: 198,
      labelY: 408,
      anchor: "start",
    },
    lost: {
      path: "M250 190H342Q352 190 352 200V512Q352 522 342 522H257",
      head: head(250, 522, "left"),
      labelX: 345,
      labelY: 436,
      anchor: "end",
    },
    close_called_early: {
      path: "M130 34H62Q52 34 52 44V344Q52 354 62 354H123",
      head: head(130, 354, "right"),
      labelX: 60,
      labelY: 124,
      anchor: "start",
    },
    handshake_failed: {
      path: "M130 18H24Q14 18 14 28V512Q14 522 24 522H123",
      head: head(130, 522, "right"),
      labelX: 22,
      labelY: 436,
      anchor: "start",
    },
  },
};
