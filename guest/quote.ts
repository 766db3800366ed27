/** Words for a POSIX shell: ssh hands the far shell one line of text, whatever list of words it was given. */

/** What no shell gives a meaning to, in any place of a word. No "=": a first word `a=b` would be an assignment. */
const PLAIN = /^[A-Za-z0-9_@%+:,./-]+$/;

/** One word that the shell takes as it is. */
export function shellWord(word: string): string {
  if (word.includes("\0")) throw new RangeError("A command's word cannot hold a NUL byte (execve(2)).");
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

export function shellWords(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

/** A script with arguments, as one command for a shell that we know nothing of but that it is one. */
export function scriptCommand(script: string, args: readonly string[]): string {
  return shellWords(["sh", "-c", script, "vxlab", ...args]);
}
