/** Quotes words for a POSIX shell: ssh passes one line of text to the remote shell, not a list of words. */

/** Characters without a special meaning in any shell, at any place of a word. No "=": a first word `a=b` would be an assignment. */
const PLAIN = /^[A-Za-z0-9_@%+:,./-]+$/;

/** One word that the shell takes as it is. */
export function shellWord(word: string): string {
  if (word.includes("\0")) throw new RangeError("A command's word cannot hold a NUL byte (execve(2)).");
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

export function shellWords(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

/** A script with arguments, as one command for any shell. */
export function scriptCommand(script: string, args: readonly string[]): string {
  return shellWords(["sh", "-c", script, "vxlab", ...args]);
}
