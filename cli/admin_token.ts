import { FlagError } from "./flags.ts";

/** A shorter token can be guessed. */
const SHORTEST = 16;
/** A longer token doesn't fit into the sign-in form. */
const LONGEST = 1_024;
/** What is read of the file at most; white space around the token included. */
const MAX_FILE_BYTES = 4_096;

/**
 * Reads the admin token, or another that is as secret.
 *
 * @param path The file that holds it and nothing else but white space around it.
 * @param flag The flag that names the file.
 * @throws {FlagError} If the file can't be read or holds no token.
 */
export function readAdminToken(path: string, flag = "admin-token-file"): string {
  const token = beginningOf(path, flag).trim();
  if (/^[\x21-\x7e]+$/.test(token) && token.length >= SHORTEST && token.length <= LONGEST) {
    return token;
  }
  throw new FlagError(
    `Cannot use ${path}: it must hold ${SHORTEST} to ${LONGEST} visible ASCII characters`,
  );
}

function beginningOf(path: string, flag: string): string {
  try {
    using file = Deno.openSync(path);
    const buffer = new Uint8Array(MAX_FILE_BYTES);
    let length = 0;
    for (let read = 1; read > 0; length += read) read = file.readSync(buffer.subarray(length)) ?? 0;
    return new TextDecoder().decode(buffer.subarray(0, length));
  } catch (error) {
    throw new FlagError(
      `Cannot read --${flag}: ${error instanceof Error ? error.message : error}`,
    );
  }
}
