import type { Method, Middleware } from "./types.ts";

/** All methods that a file route takes. */
export const METHODS: Method[] = ["GET", "DELETE", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/** What a request's path and method lead to. */
export interface Match<State> {
  /** The pattern of the path, or null. */
  route: string | null;
  /** The named parts of the path, without a prototype. */
  params: Record<string, string>;
  /** What answers this method, if anything. */
  answer?: Middleware<State>;
  /** The methods that this pattern has answers for. */
  methods: string[];
}

type Answers<State> = Map<string, Middleware<State>>;

/** Exact paths first, then patterns in the order of their registration. */
export class Router<State> {
  #exact = new Map<string, Answers<State>>();
  #patterns = new Map<string, { pattern: URLPattern; answers: Answers<State> }>();

  /** The first registration of a method and pattern stays. */
  add(method: Method, path: string, answer: Middleware<State>) {
    const answers = this.#answers(path);
    if (!answers.has(method)) answers.set(method, answer);
  }

  #answers(path: string): Answers<State> {
    if (!/[*:{}+?()]/.test(path)) {
      return this.#exact.getOrInsertComputed(path, () => new Map());
    }
    return this.#patterns.getOrInsertComputed(path, () => ({
      pattern: new URLPattern({ pathname: path }),
      answers: new Map(),
    })).answers;
  }

  /** @throws {URIError} where a named part is no valid percent encoding */
  match(method: string, url: URL): Match<State> {
    const { pathname } = url;
    const other = pathname.endsWith("/") ? pathname.slice(0, -1) : pathname + "/";
    for (const path of [pathname, other]) {
      const answers = this.#exact.get(path);
      if (answers) return found(path, answers, method, {});
    }
    for (const [path, { pattern, answers }] of this.#patterns) {
      const groups = pattern.exec(url)?.pathname.groups;
      if (groups) return found(path, answers, method, groups);
    }
    return { route: null, params: Object.create(null), methods: [] };
  }
}

function found<State>(
  route: string,
  answers: Answers<State>,
  method: string,
  groups: Record<string, string | undefined>,
): Match<State> {
  const answer = answers.get(method) ?? (method === "HEAD" ? answers.get("GET") : undefined);
  const params: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(groups)) params[name] = decodeURI(value ?? "");
  return { route, params, answer, methods: [...answers.keys()] };
}
