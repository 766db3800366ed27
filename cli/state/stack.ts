/** The state of a stack: whether it exists, and its resources. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment, Paths } from "../../system/paths";
import type { Context } from "../command";
import { hasSecrets, projectName, shortName, stackFile } from "../settings/files";
import { withSalt, withSaltOf } from "../settings/salt";
import { selectedIn, workspaceFiles } from "../settings/selected";
import { pulumi } from "../engine/engine";
import { Exit, Fault } from "../exit";

export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  /** URNs. */
  dependencies?: string[];
  parent?: string;
  deletedWith?: string;
}

/** Creates the stack at its first use, and selects it, so that the plain `pulumi up` takes the same one. */
export async function selectStack(context: Context, stack: string): Promise<void> {
  if (isSelected(context, stack)) return keepSalt(context.paths, stack);
  forgetLostSalt(context, stack);
  const file = stackFile(context.paths.root, stack);
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const { code, stderr } = await pulumi(context, ["stack", "select", stack, "--create"]);
  if (code !== 0) throw new Fault(Exit.failed, `stack ${stack} cannot be selected:\n${stderr.trim()}`);
  const after = existsSync(file) ? readFileSync(file, "utf8") : "";
  const own = withSalt(before, after);
  if (own !== after) writeFileSync(file, own);
}

/** For a settings file that the user has replaced since the stack was created. */
function keepSalt(paths: Paths, stack: string): void {
  const file = stackFile(paths.root, stack);
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (text.trim() === "" || /^encryptionsalt:/m.test(text)) return;
  const own = withSaltOf(JSON.parse(readFileSync(stateFile(paths, stack), "utf8")), text);
  if (own !== text) writeFileSync(file, own);
}

/** Read from files: asking Pulumi takes a second at every `up`. */
function isSelected({ paths, environment }: Context, stack: string): boolean {
  if (!ownBackend(environment) || !existsSync(stateFile(paths, stack))) return false;
  const chosen = workspaceFiles(paths.pulumiHome, projectName(paths.root)).map(selectedIn);
  return chosen.length === 1 && chosen[0] === shortName(stack);
}

/** The stack that Pulumi has selected in a program of the user's. */
export async function selectedStack(context: Context): Promise<string> {
  const { code, stdout } = await pulumi(context, ["stack", "--show-name"]);
  if (code === 0) return stdout.trim();
  throw new Fault(Exit.usage, "no stack is selected: name one with -s, or run pulumi stack select");
}

/** The project's stacks, the last changed first, so that overlays come before their underlays. */
export async function stackNames(context: Context): Promise<string[]> {
  const { code, stdout, stderr } = await pulumi(context, ["stack", "ls", "--json"]);
  if (code !== 0) throw new Fault(Exit.failed, `pulumi stack ls:\n${stderr.trim()}`);
  const stacks = JSON.parse(stdout) as { name: string; lastUpdate?: string }[];
  const age = (one: { lastUpdate?: string }) => one.lastUpdate ?? "";
  return stacks.sort((a, b) => age(b).localeCompare(age(a))).map(({ name }) => shortName(name));
}

/** True when the state is in this checkout. */
export function ownBackend(environment: Environment): boolean {
  const url = environment["PULUMI_BACKEND_URL"];
  return !url || url.endsWith("/.vxlab/state"); // as toolchain/pulumi.sh sets it
}

/** True when the passphrase is this checkout's, in `.vxlab/passphrase`. */
export function ownPassphrase(environment: Environment): boolean {
  const file = environment["PULUMI_CONFIG_PASSPHRASE_FILE"];
  return (
    environment["PULUMI_CONFIG_PASSPHRASE"] === undefined && (!file || file.endsWith("/.vxlab/passphrase"))
  );
}

function stateFile(paths: Paths, stack: string): string {
  return join(paths.state, ".pulumi", "stacks", projectName(paths.root), `${shortName(stack)}.json`);
}

export interface Deployment {
  resources?: StateResource[];
  /** Operations that had not ended when the state was last written. */
  pending_operations?: { type: string; resource: { urn: string } }[];
}

/** The state as in an export, secrets encrypted; undefined when its file is not in this checkout. */
export function stateInFile(
  { paths, environment, plain }: Context,
  stack: string,
): { deployment?: Deployment } | undefined {
  const file = stateFile(paths, stack);
  if (plain === true || !ownBackend(environment) || !existsSync(file)) return undefined;
  const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as { checkpoint?: { latest?: Deployment } };
  return { deployment: checkpoint?.latest };
}

/** The deployment; undefined when the stack does not exist. */
export async function deployment(context: Context, stack: string): Promise<Deployment | undefined> {
  const state = stateInFile(context, stack);
  if (state !== undefined) return state.deployment;
  const { code, stdout } = await pulumi(context, ["stack", "export", "--stack", stack]);
  return code === 0 ? (JSON.parse(stdout) as { deployment?: Deployment }).deployment : undefined;
}

export async function resources(context: Context, stack: string): Promise<StateResource[]> {
  return (await deployment(context, stack))?.resources ?? [];
}

/** The resources without the stack and the providers, which a first `up` that failed may leave. */
export function deployedOf(all: readonly StateResource[]): readonly StateResource[] {
  return all.every(({ type }) => type.startsWith("pulumi:")) ? [] : all;
}

/** The random part of the names in libvirt of every lab in the state. */
export function labIds(all: readonly StateResource[]): string[] {
  const ids = all
    .filter((one) => one.type === "random:index/randomId:RandomId")
    .map((one) => one.outputs?.["hex"]);
  return [...new Set(ids.filter((id): id is string => typeof id === "string" && /^[0-9a-f]{4,}$/.test(id)))];
}

const labsFile = (paths: Paths): string => join(paths.dot, "labs");

/**
 * Writes the ids to a file outside the state too, to find machines when the state is lost. Not with the user's own backend: its state is
 * not lost with this checkout, and a `down` with another backend must not remove its machines.
 */
export async function noteLabs(context: Context, stack: string): Promise<void> {
  if (!ownBackend(context.environment)) return;
  const ids = new Set([...knownLabs(context), ...labIds(await resources(context, stack))]);
  writeFileSync(labsFile(context.paths), [...ids].join("\n"));
}

export function knownLabs({ paths }: Pick<Context, "paths">): string[] {
  const file = labsFile(paths);
  return existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((id) => id !== "")
    : [];
}

export function forgetLabs({ paths }: Pick<Context, "paths">): void {
  rmSync(labsFile(paths), { force: true });
}

/**
 * Removes the salt of a lost passphrase from the stack's file: after `.vxlab/` was removed, no new passphrase matches it. The
 * settings in the file stay.
 */
function forgetLostSalt(context: Context, stack: string): void {
  const { paths, environment, out } = context;
  if (!ownBackend(environment) || !ownPassphrase(environment)) return;
  const file = stackFile(paths.root, stack);
  if (existsSync(stateFile(paths, stack)) || !existsSync(file)) return;
  const text = readFileSync(file, "utf8");
  const [line, salt = ""] = /^(encryptionsalt:.*)\n?/m.exec(text) ?? [];
  if (line === undefined) return;
  const login = userLogin(context);
  if (login !== undefined) throw elsewhere(file, stack, login);
  if (hasSecrets(paths.root, stack)) {
    out.line(
      `${file} has secrets of a stack that is not in the state: they cannot be read if the passphrase has changed`,
    );
    return;
  }
  out.line(
    `${file}: removed the salt of the passphrase, since stack ${stack} is not in .vxlab/state (if the stack lives in another backend, restore this line: "${salt}")`,
  );
  writeFileSync(file, text.replace(line, ""));
}

/** The stack's file may belong to a stack in the user's own backend. */
function elsewhere(file: string, stack: string, login: string): Fault {
  return new Fault(
    Exit.missing,
    `${file} has the salt of a passphrase, and stack ${stack} is not in .vxlab/state. ` +
      `If the stack is in the backend of your pulumi login, set that backend and its passphrase: PULUMI_BACKEND_URL=${login} PULUMI_CONFIG_PASSPHRASE=… ./vxlab …; ` +
      `if it was in .vxlab/, which was removed, remove the line "encryptionsalt" from the file`,
  );
}

/** The backend of the user's `pulumi login`. */
function userLogin({ paths, environment }: Context): string | undefined {
  const homes = [environment["PULUMI_HOME"], join(environment["HOME"] ?? homedir(), ".pulumi")];
  for (const home of homes) {
    if (!home || home === paths.pulumiHome) continue;
    const file = join(home, "credentials.json");
    const { current } = existsSync(file)
      ? (JSON.parse(readFileSync(file, "utf8")) as { current?: string })
      : { current: undefined };
    if (current) return current;
  }
  return undefined;
}
