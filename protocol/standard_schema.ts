/**
 * A schema of any library that follows the Standard Schema interface, version 1: valibot, zod and
 * arktype do.
 *
 * @typeParam Input What the schema takes.
 * @typeParam Output What it makes of it.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** What the interface defines. */
  readonly "~standard": StandardSchemaProps<Input, Output>;
}

/** What a {@linkcode StandardSchema} offers. */
export interface StandardSchemaProps<Input = unknown, Output = Input> {
  /** Version of the interface. */
  readonly version: 1;
  /** Name of the library. */
  readonly vendor: string;
  /** Checks a value. A promise means that the schema is asynchronous. */
  readonly validate: (
    value: unknown,
  ) => StandardResult<Output> | Promise<StandardResult<Output>>;
  /** Types alone; never there at run time. */
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
}

/** What a schema says of a value. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** What is wrong with a value. */
export interface StandardIssue {
  /** What is wrong, for people. */
  readonly message: string;
  /** Where, from the outside in. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A value that passed its schema, as the schema puts it out; or what is wrong with it. */
export type Checked = { ok: true; value: unknown } | { ok: false; error: string };

/** How much of a schema's text goes into an error. */
const MAX_ERROR_LENGTH = 200;

/**
 * Checks a value by a schema.
 *
 * @throws {TypeError} If the schema is asynchronous: messages keep their order, so none waits.
 */
export function checkBySchema(schema: StandardSchema | undefined, value: unknown): Checked {
  if (schema === undefined) return { ok: true, value };
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    // Nobody waits for it any more; its own failure is no news.
    result.catch(() => {});
    const { vendor } = schema["~standard"];
    throw new TypeError(`Cannot check a value: the ${vendor} schema is asynchronous`);
  }
  if (result.issues === undefined) return { ok: true, value: result.value };
  return { ok: false, error: describe(result.issues[0]) };
}

function describe(issue: StandardIssue | undefined): string {
  const path = (issue?.path ?? []).map((step) =>
    String(typeof step === "object" ? step.key : step)
  );
  const text = [path.join("."), issue?.message ?? ""].filter((part) => part !== "").join(": ");
  return text.length > MAX_ERROR_LENGTH ? `${text.slice(0, MAX_ERROR_LENGTH - 1)}…` : text;
}
