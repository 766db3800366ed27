/** Whether an input of a stack was changed since its last `up`. If none was, `up` needs no preview. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Context } from "../command";
import { projectName } from "../settings/files";
import { ownBackend } from "../state/stack";

/** Folders and files of the project that a program consists of. */
const PROGRAM = ["components", "config.ts", "guest", "image", "package-lock.json", "plan", "sdks", "stacks"];

/** Also true if it is unknown: another user may have changed a state in a shared backend. */
export function isEdited(context: Context, stack: string): boolean {
  const note = noteOf(context, stack);
  if (!ownBackend(context.environment) || !existsSync(note)) return true;
  if (readFileSync(note, "utf8") !== surroundings(context)) return true;
  const since = statSync(note).mtimeMs;
  return sources(context, stack).some((path) => isNewer(path, since));
}

/** To be called after an `up` that went well. @param since when it began */
export function noteDeployed(context: Context, stack: string, since: Date): void {
  const note = noteOf(context, stack);
  mkdirSync(join(note, ".."), { recursive: true });
  writeFileSync(note, surroundings(context));
  utimesSync(note, since, since);
}

const noteOf = ({ paths }: Context, stack: string): string => join(paths.dot, "deployed", stack);

/** Other stacks' states count: an overlay follows its underlays. */
function sources({ paths }: Context, stack: string): string[] {
  const { root, state } = paths;
  const states = join(state, ".pulumi", "stacks", projectName(root));
  const others = existsSync(states)
    ? readdirSync(states).filter((name) => name !== `${stack}.json` && name.endsWith(".json"))
    : [];
  const settings = ["Pulumi.yaml", `Pulumi.${stack}.yaml`];
  return [
    ...[...settings, ...PROGRAM].map((name) => join(root, name)),
    ...others.map((name) => join(states, name)),
  ];
}

function isNewer(path: string, since: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (found.mtimeMs >= since) return true;
  return found.isDirectory() && readdirSync(path).some((name) => isNewer(join(path, name), since));
}

/** The environment variables that a program may read (ARCHITECTURE.md). A hash: a URI may hold a password. */
function surroundings({ environment }: Context): string {
  const mine = Object.entries(environment).filter(([key]) =>
    /^(VXLAB_|XDG_CACHE_HOME$|HOME$|PATH$)/.test(key),
  );
  return createHash("sha256").update(JSON.stringify(mine.sort())).digest("hex");
}
