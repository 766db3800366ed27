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

/**
 * A settings file without salt, as after the user has replaced it, with the salt of the stack's state on the first line: Pulumi finds it
 * there and does not write the file anew.
 *
 * @returns the text as it is, where no line can be put before it or the stack has no passphrase
 */
export function withSaltOf(state: unknown, text: string): string {
  const { salt } = (state as StateFile).checkpoint?.latest?.secrets_providers?.state ?? {};
  if (salt === undefined) return text;
  const own = withSalt(text, `${text}\nencryptionsalt: ${salt}\n`);
  return own.startsWith("encryptionsalt: ") ? own : text;
}

interface StateFile {
  checkpoint?: { latest?: { secrets_providers?: { state?: { salt?: string } } } };
}
