/** The salt of a stack's passphrase, in the stack's settings file. */
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";

/**
 * What the user wrote, with the salt that Pulumi has added, on the first line. Pulumi writes the file anew for it: without comments, with
 * other blanks, and the salt is where the user would go on writing.
 *
 * @returns Pulumi's text, where the user's does not mean the same
 */
export function withSalt(before: string, after: string): string {
  const [salt] = /^encryptionsalt: .*$/m.exec(after) ?? [];
  if (salt === undefined || before.trim() === "" || /^encryptionsalt:/m.test(before)) return after;
  const own = `${salt}\n${before}`;
  try {
    return isDeepStrictEqual(parse(own), parse(after)) ? own : after;
  } catch {
    return after;
  }
}
