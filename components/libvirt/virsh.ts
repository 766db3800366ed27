/** virsh, libvirt's own client, for what the provider cannot do. Nothing else starts it. It need not be installed. */
import { execFile } from "node:child_process";
import { virshUri } from "../../plan/libvirt-uri";

export interface Answer {
  /** `absent`: virsh is not installed here. */
  end: "done" | "failed" | "late" | "absent";
  stdout: string;
  /** One line: why it is not `done`, without a full stop. Empty when it is. */
  why: string;
  /** Everything that virsh called an error. virsh continues after a failed command: of several, `end` is about the last one. */
  complaints: string[];
}

export interface Options {
  /** Longest wait, ms. No call takes longer than the default, even under emulation on a busy machine. @default 60_000 */
  limit?: number;
  /** @default this process's */
  environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * @param uri as the provider or as virsh spells it
 * @param words a command and its words; or one text of several commands with semicolons between
 */
export function virsh(uri: string, words: readonly string[], options: Options = {}): Promise<Answer> {
  const { limit = 60_000, environment = process.env } = options;
  return new Promise((resolve) => {
    const args = ["-q", "-c", virshUri(uri), ...words];
    const settings = {
      // A translated virsh prints states and reasons in other languages.
      env: { ...environment, LC_ALL: "C" },
      timeout: limit,
      // A virsh that waits for a silent server ignores SIGTERM.
      killSignal: "SIGKILL",
    } as const;
    const child = execFile("virsh", args, settings, (error, stdout, stderr) => {
      const complaints = complaintsIn(stderr);
      const end = (end: Answer["end"], why = "") => resolve({ end, stdout, why, complaints });
      if (error === null) end("done");
      else if (error.code === "ENOENT") end("absent", "virsh is not installed here");
      else if (error.killed) end("late", `no answer within ${limit / 1000} s`);
      else end("failed", complaints.at(-1) ?? "virsh failed without an error message");
    });
    // libssh asks on stdin whether to trust an unknown key: end of input means no.
    child.stdin?.end();
  });
}

/** @throws Error when virsh fails, does not answer in time, or is not installed */
export async function virshOutput(
  uri: string,
  words: readonly string[],
  options: Options = {},
): Promise<string> {
  const { end, stdout, why } = await virsh(uri, words, options);
  if (end === "done") return stdout;
  throw new Error(`virsh ${words[0]}: ${why}`);
}

const complaintsIn = (stderr: string): string[] =>
  stderr.split("\n").flatMap((line) => /^error: (.*?)[.\s]*$/.exec(line)?.[1] ?? []);

/** The state of each domain, for example `running` or `shut off`, by name. @throws Error as `virshOutput` */
export async function domainStates(uri: string, options: Options = {}): Promise<Map<string, string>> {
  const rows = (await virshOutput(uri, ["list", "--all"], options)).split("\n").map(readRow);
  return new Map(rows.flatMap((row) => (row === undefined ? [] : [row])));
}

/** A row of `virsh list`: id, name, and the state, which may be two words. */
function readRow(line: string): [string, string] | undefined {
  const [, name, state] = /^\s*(?:\d+|-)\s+(\S+)\s+(\S.*?)\s*$/.exec(line) ?? [];
  return name === undefined || state === undefined ? undefined : [name, state];
}

/** Removes a domain that does not run, with everything that libvirt keeps of it. */
export const undefineWords = (domain: string): string[] => [
  ...["undefine", domain],
  ...["--managed-save", "--snapshots-metadata", "--nvram"],
];
