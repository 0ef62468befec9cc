/** Something outside of the program is in the way: told to the user, exit code 1. */
export class CommandFailure extends Error {
  /** Its name. */
  override name = "CommandFailure";
}

/** What an error says, for the end of a message. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
