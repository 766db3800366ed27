/** What is put into a container and run there: files and commands, read. */
import type { Findings } from "../../plan/findings";
import { checkInteger, isText, sortedEntries } from "../../plan/rules";
import type { At } from "../../plan/values";
import type { ExecPlan, FilePlan } from "../../plan/workload-plan";
import type { ContainerSpec } from "./spec";
import { EXEC, FILE } from "./spec-inside";
import type { FileSpec } from "./spec-inside";

/** Limits of one file, and of all files of a container together, bytes. The contents are in the state and in a step's stdin. */
const LARGEST_FILE = 256 * 1024;
const LARGEST_FILES = 1024 * 1024;
/** The cure for a file that is too large. */
export const LARGE_FILE_CURE = "Put it into the container's image or root file system, or split it.";

/** Sorted by target; those that are usable. */
export function resolveFiles({ files }: ContainerSpec, at: At, said: Findings): FilePlan[] {
  const entries = sortedEntries(files ?? {});
  const targets = entries.map(([target]) => target);
  const resolved = entries.flatMap(([target, spec]) => {
    const fault = targetFault(target, targets);
    said.sayIf(at("files", target), target, fault, "Write an absolute path, for example /etc/app.conf.");
    return resolveFile(target, spec, (...keys) => at("files", target, ...keys), said);
  });
  const size = resolved.reduce((sum, { content = "" }) => sum + bytes(content), 0);
  const total = `Holds ${size} bytes: all files of a container together can have ${LARGEST_FILES}.`;
  said.sayIf(at("files"), targets.join(" "), size > LARGEST_FILES ? total : undefined, LARGE_FILE_CURE);
  return resolved;
}

/** Paths reach a shell and the marks on the host as they are. */
function targetFault(target: string, all: readonly string[]): string | undefined {
  if (
    !/^\/[A-Za-z0-9_.:/@,-]+$/.test(target) ||
    /\/$|\/\/|\/\.{1,2}(\/|$)/.test(target) ||
    target.length > 200
  )
    return "Is not the path of a file: it must begin with /, have letters, digits and _.:/@,- only, and no . or .. in it.";
  if (/^\/(proc|sys|dev|\.vxlab)(\/|-|$)/.test(target))
    return "Cannot be written: this path belongs to the kernel or to vxlab.";
  const within = all.find((other) => target.startsWith(`${other}/`));
  return within === undefined ? undefined : `Is inside ${within}, which is a file.`;
}

function resolveFile(target: string, spec: FileSpec, at: At, said: Findings): FilePlan[] {
  const { content, path, mode = FILE.mode.default, owner = FILE.owner.default } = spec;
  const cure = "Write content: text, or path: a file.";
  if (content === undefined && path === undefined) said.say(at("content"), undefined, "Is missing.", cure);
  if (content !== undefined && path !== undefined)
    said.say(at("path"), path, "Cannot be combined with content.", "Remove one of the two.");
  said.sayIf(at("content"), shortened(content), contentFault(content), cure);
  if (path !== undefined && !isText(path)) said.say(at("path"), path, "Is not a file path.", cure);
  const isMode = typeof mode === "string" && /^[0-7]{3,4}$/.test(mode);
  if (!isMode)
    said.say(
      at("mode"),
      mode,
      "Is not a mode: three or four octal digits, as text.",
      'Write "0644", in quotes.',
    );
  const isOwner =
    typeof owner === "string" && /^[A-Za-z0-9_][A-Za-z0-9_-]*(:[A-Za-z0-9_][A-Za-z0-9_-]*)?$/.test(owner);
  if (!isOwner)
    said.say(
      at("owner"),
      owner,
      "Is not the name of a user.",
      'Write "user", "user:group" or numbers, in quotes.',
    );
  if (path !== undefined) return [{ target, path, mode, owner }];
  return content === undefined ? [] : [{ target, content, mode, owner }];
}

function contentFault(content: unknown): string | undefined {
  if (content === undefined) return undefined;
  if (typeof content !== "string" || /\p{Surrogate}/u.test(content)) return "Is not text.";
  return sizeFault(bytes(content));
}

/** Of one file. */
export function sizeFault(size: number): string | undefined {
  return size > LARGEST_FILE ? `Has ${size} bytes: a file can have ${LARGEST_FILE}.` : undefined;
}

const bytes = (text: unknown): number =>
  typeof text === "string" ? new TextEncoder().encode(text).length : 0;
const shortened = (content: unknown): unknown =>
  typeof content === "string" && content.length > 40 ? `${content.slice(0, 40)}…` : content;

export function resolveExec({ exec }: ContainerSpec, at: At, said: Findings): ExecPlan[] {
  if (!Array.isArray(exec)) return [];
  const cure = 'Write a list of words, for example ["/bin/sh", "-c", "…"].';
  if (exec.length > 20)
    said.say(at("exec"), exec.length, "Has more than 20 commands.", "Put them into a script.");
  return exec.map((one, index) => {
    const path = (key: string) => at("exec", index, key);
    const command: unknown = one.command;
    const isWords =
      Array.isArray(command) &&
      command.length > 0 &&
      command[0] !== "" &&
      command.every((word: unknown) => typeof word === "string" && !word.includes("\0"));
    if (!isWords)
      said.say(path("command"), command, "Is not a command: it must be a list of at least one word.", cure);
    const timeout: unknown = one.timeout ?? EXEC.timeout.default;
    said.add(checkInteger(path("timeout"), timeout, EXEC.timeout));
    return { command: isWords ? command : [], timeout: timeout as number };
  });
}
