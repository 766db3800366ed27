/** The salt of a stack's passphrase, in the stack's settings file. */
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";

/**
 * The user's text, with the salt that Pulumi has added on the first line. Pulumi rewrites the whole file to add the salt: it drops the
 * comments, changes the spacing, and puts the salt at the end, where the user would continue to write.
 *
 * @returns Pulumi's text if the user's has other values
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
 * A settings file without salt, such as one that the user has replaced, with the salt of the stack's state on the first line: Pulumi finds
 * it there and does not rewrite the file.
 *
 * @returns the text unchanged if no line can be put before it, or if the stack has no passphrase
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
