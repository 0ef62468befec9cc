import type { AnyComponent, RenderableProps, VNode } from "preact";
import type { Context } from "./context.ts";

/** JSX of any kind. */
// deno-lint-ignore no-explicit-any
export type Jsx = VNode<any>;

/** What an app may be told. */
export interface FreshConfig {
  /** Changes caching and what reaches the browser. @default {"production"} */
  mode?: "development" | "production";
  /** Whether `X-Forwarded-Proto` and `X-Forwarded-Host` count. @default {false} */
  trustProxy?: boolean;
}

/** What an app goes by. */
export interface ResolvedFreshConfig extends Required<FreshConfig> {
  /** The project's folder. */
  root: string;
  /** Always empty: the stand-in serves from the root. */
  basePath: string;
}

/** The methods that a handler can be registered for. */
export type Method = "HEAD" | "GET" | "POST" | "PATCH" | "PUT" | "DELETE" | "OPTIONS";

/** Answers, or passes on to the next one with `ctx.next()`. */
export type Middleware<State> = (ctx: Context<State>) => Response | Promise<Response>;

/** Another name of `Middleware`. */
export type MiddlewareFn<State> = Middleware<State>;

/** A handler's result that goes to the page's component. */
export interface PageResponse<Data> {
  /** What the component gets as `data`. */
  data: Data;
  /** Headers of the answer; of one name the last wins. */
  headers?: HeadersInit;
  /** Status of the answer. */
  status?: number;
}

type Answer<Data> = Response | PageResponse<Data>;

/** Handles a route's requests: gives an answer, or data for its page. */
export interface HandlerFn<Data, State> {
  /** Called once per request. */
  (ctx: Context<State>): Answer<Data> | Promise<Answer<Data>>;
}

/** One handler for each method. */
export type HandlerByMethod<Data, State> = { [M in Method]?: HandlerFn<Data, State> };

/** What a route module exports as `handler`. */
export type RouteHandler<Data, State> = HandlerFn<Data, State> | HandlerByMethod<Data, State>;

/** What a component of a page, a layout or the wrapper gets. */
export type PageProps<Data = unknown, State = unknown> =
  & Pick<
    Context<State>,
    | "config"
    | "url"
    | "req"
    | "params"
    | "info"
    | "state"
    | "isPartial"
    | "Component"
    | "error"
    | "route"
  >
  & { data: Data };

/** A component declared `async`: it is called before rendering and may answer by itself. */
export type AsyncComponent<Props> = (
  props: RenderableProps<Props>,
) => Promise<Jsx | Response | null>;

/** A component of a page, a layout or the wrapper. */
export type RouteComponent<State> =
  | AnyComponent<PageProps<unknown, State>>
  | AsyncComponent<PageProps<unknown, State>>;

/** Which of the things around it a layout or a page leaves out. */
export interface LayoutConfig {
  /** Leaves out the layouts of the folders above. @default {false} */
  skipInheritedLayouts?: boolean;
  /** Leaves out `_app`. @default {false} */
  skipAppWrapper?: boolean;
}

/** What a route module exports as `config`. */
export type RouteConfig = LayoutConfig;

/** A page, or an error page. */
export interface Route<State> {
  /** Renders the page. */
  component?: RouteComponent<State>;
  /** Answers, or makes the page's data. */
  handler?: RouteHandler<unknown, State>;
  /** What is left out around it. */
  config?: RouteConfig;
}
