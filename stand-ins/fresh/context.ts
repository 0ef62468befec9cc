import { type FunctionComponent, h, isValidElement } from "preact";
import { renderDocument } from "./document.ts";
import type { Snapshot } from "./snapshot.ts";
import type {
  AsyncComponent,
  Jsx,
  LayoutConfig,
  PageProps,
  ResolvedFreshConfig,
  RouteComponent,
} from "./types.ts";

/** What stands around a page at this point of the chain. */
export interface Surroundings<State> {
  /** The component of `_app`. */
  app: RouteComponent<State> | null;
  /** The layouts, outermost first. */
  layouts: RouteComponent<State>[];
  /** What the build made. */
  snapshot: Snapshot | null;
}

/** What a request brings along before any middleware has seen it. */
export interface Arrival {
  req: Request;
  url: URL;
  info: Deno.ServeHandlerInfo;
  route: string | null;
  params: Record<string, string>;
  config: ResolvedFreshConfig;
  snapshot: Snapshot | null;
  next: () => Promise<Response>;
}

/** Reaches what handlers must not see. */
export let surroundingsOf: <State>(ctx: Context<State>) => Surroundings<State>;

/** One request on its way through middlewares and handlers. */
export class Context<State> {
  /** What the app goes by. */
  readonly config: ResolvedFreshConfig;
  /** The address, repeated slashes squeezed. */
  readonly url: URL;
  /** The request itself. */
  readonly req: Request;
  /** The pattern that matched, or null. */
  readonly route: string | null;
  /** The parts of the path that the pattern names. */
  readonly params: Record<string, string>;
  /** Shared by all that handle this request. */
  readonly state: State = {} as State;
  /** Always undefined. */
  data: unknown = undefined;
  /** What was thrown, if anything. */
  error: unknown | null = null;
  /** Where the connection comes from. */
  readonly info: Deno.ServeHandlerInfo;
  /** Always false: the stand-in has no partials. */
  readonly isPartial: boolean = false;
  /** Goes on to the next middleware or handler; call it once. */
  next: () => Promise<Response>;
  /** What stands inside the layout or wrapper that is rendered. */
  Component!: FunctionComponent;

  #surroundings: Surroundings<State>;

  static {
    surroundingsOf = (ctx) => ctx.#surroundings;
  }

  /** Made by the app for each request. */
  constructor({ req, url, info, route, params, config, snapshot, next }: Arrival) {
    this.req = req;
    this.url = url;
    this.info = info;
    this.route = route;
    this.params = params;
    this.config = config;
    this.next = next;
    this.#surroundings = { app: null, layouts: [], snapshot };
  }

  /** Sends the browser elsewhere. A path stays on this site: its slashes are squeezed. */
  redirect(pathOrUrl: string, status = 302): Response {
    const [, path, rest] = pathOrUrl.match(/^([^?#]*)(.*)$/s)!;
    const location = path.startsWith("/") ? path.replace(/\/+/g, "/") + rest : pathOrUrl;
    return new Response(null, { status, headers: { location } });
  }

  /** Answers with a text. */
  text(content: string, init?: ResponseInit): Response {
    return new Response(content, init);
  }

  /** Answers with JSON. */
  // deno-lint-ignore no-explicit-any
  json(content: any, init?: ResponseInit): Response {
    return Response.json(content, init);
  }

  /** Answers with a page, inside the layouts and the wrapper that are in force here. */
  async render(
    vnode: Jsx | null,
    init: ResponseInit = {},
    config: LayoutConfig = {},
  ): Promise<Response> {
    if (vnode !== null && !isValidElement(vnode)) {
      throw new Error(`Cannot render: not JSX but ${Deno.inspect(vnode)}`);
    }
    const { app, layouts, snapshot } = this.#surroundings;
    let page: Jsx | null = vnode;
    for (const layout of config.skipInheritedLayouts ? [] : layouts.toReversed()) {
      const inner = page;
      const outer = await instantiate(this, layout, null, () => inner);
      if (outer instanceof Response) return outer;
      page = outer;
    }
    // The page is rendered before the wrapper, so the wrapper's content is known only then.
    let content: Jsx | null = page;
    const wrapper = app === null || config.skipAppWrapper
      ? null
      : await instantiate(this, app, null, () => content);
    if (wrapper instanceof Response) return wrapper;
    return renderDocument(page, wrapper, (text) => content = text, {
      url: this.url,
      snapshot,
      init,
    });
  }
}

/** Calls an async component at once, and makes a vnode of any other. */
export async function instantiate<State>(
  ctx: Context<State>,
  component: RouteComponent<State>,
  data: unknown,
  Component: FunctionComponent,
): Promise<Jsx | null | Response> {
  const { config, error, info, isPartial, params, req, route, state, url } = ctx;
  const props: PageProps<unknown, State> = {
    ...{ config, error, info, isPartial, params, req, route, state, url },
    Component,
    data,
  };
  return isAsync(component)
    ? await component(props)
    : h<PageProps<unknown, State>>(component, props);
}

/** Nothing else tells before the call whether a component will give a promise. */
function isAsync<State>(
  component: RouteComponent<State>,
): component is AsyncComponent<PageProps<unknown, State>> {
  return component.constructor.name === "AsyncFunction";
}
