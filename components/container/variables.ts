/** Environment variables of Docker containers: which names and values Docker takes, and which can be secrets. */
import { TopologyError } from "../../plan/errors";
import { pathOf, sortedEntries } from "../../plan/rules";
import type { Problem } from "../../plan/problem";

/** Environment variables of containers, by container and name. */
export type VariablesOf<Value> = Readonly<Record<string, Readonly<Record<string, Value>>>>;

/** @param at the path of `env`, or of a variable in it */
export function checkVariables(at: (...names: string[]) => string, got: unknown): Problem[] {
  if (got === undefined) return [];
  const cure = 'Write { NAME: "value" }.';
  if (typeof got !== "object" || got === null || Array.isArray(got)) {
    return [{ path: at(), got, message: "Is not a mapping of variable names to text.", cure }];
  }
  return sortedEntries(got as Record<string, unknown>).flatMap(([name, value]) => {
    const fault = nameFault(name);
    if (fault !== undefined) return [{ path: at(name), got: name, message: fault, cure }];
    if (isPassable(value)) return [];
    return [{ path: at(name), got: value, message: "Is not text without NUL (execve(2)).", cure }];
  });
}

/** Docker takes every other name (docker/cli, opts/env.go). */
function nameFault(name: string): string | undefined {
  if (name === "") return "A variable's name cannot be empty.";
  return name.includes("=") || !isPassable(name)
    ? "A variable's name cannot contain = or NUL (environ(7))."
    : undefined;
}

/** True for text that can be encoded in UTF-8 and has no NUL. */
function isPassable(got: unknown): got is string {
  return typeof got === "string" && !/\0|\p{Surrogate}/u.test(got);
}

/**
 * Why a variable cannot be a secret: components/container/kinds/docker/start.sh (docker_way) can pass it to Docker only as an argument,
 * which every user of the host can read.
 */
export function exposure(name: string, value: string): string | undefined {
  if (/[^A-Za-z0-9_.:/@,+%-]/.test(name))
    return "its name has other characters than letters, digits and _.:/@,+%-";
  const oneLine = !/\n|\r$/.test(value) && bytes(name) + bytes(value) < LONGEST_LINE;
  if (oneLine) return undefined;
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !TAKEN.test(name)) return undefined;
  return "it has several lines or is long, and its name is not an identifier or is one that the shell uses itself";
}

/** Bytes. Docker reads lines of up to 64 KiB; the guest tools count in characters where the shell does. */
const LONGEST_LINE = 15_000;

const bytes = (text: string): number => new TextEncoder().encode(text).length;

/** Names that the shell or the docker command itself uses. */
const TAKEN =
  /^(PATH|HOME|IFS|OPTIND|LINENO|PPID|RANDOM|UID|EUID|SHELLOPTS|BASH.*|DOCKER_.*|LD_.*|GO.*|env_.*)$/;

export function checkSecretVariables(
  at: (...names: string[]) => string,
  env: Readonly<Record<string, string>>,
): Problem[] {
  return sortedEntries(env).flatMap(([name, value]) => {
    const fault = exposure(name, value);
    if (fault === undefined) return [];
    const message = `Cannot be secret: ${fault}, so it would be an argument of docker, which every user of the host can read.`;
    const cure = "Rename the variable, or set it without --secret.";
    return [{ path: at(name), got: SECRET, message, cure }];
  });
}

/** What messages show in place of a secret. */
export const SECRET = "[secret]";

/**
 * `NAME=VALUE`, in the order of the names.
 *
 * @throws TopologyError when Docker does not accept them, or accepts a secret one only as an argument
 */
export function variableWords(
  container: string,
  env: Readonly<Record<string, string>>,
  secret: boolean,
): string[] {
  const at = (...names: string[]) => pathOf(container, "env", ...names);
  const problems = checkVariables(at, env).map((one) => (secret ? { ...one, got: SECRET } : one));
  const exposed = secret && problems.length === 0 ? checkSecretVariables(at, env) : [];
  if (problems.length + exposed.length > 0) throw new TopologyError([...problems, ...exposed]);
  return sortedEntries(env).map(([name, value]) => `${name}=${value}`);
}
