/**
 * Settings that `pulumi config set --secret` marked. Only a container's environment variables can be secret: everything
 * else becomes names, addresses and commands that a hypervisor and its hosts show to others.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { pathOf, sortedEntries } from "./plan/rules";
import type { Problem } from "./plan/types";
import { SECRET, checkSecretVariables, checkVariables } from "./components/container/variables";
import type { VariablesOf } from "./components/container/variables";

const NAMESPACE = "vxlab:";
const CONTAINERS = "containers";
const CURE = "Set it again without --secret. Only containers.<name>.env can be secret.";

/** Which top-level settings hold a secret. The engine tells a program no more than that. */
export function secretKeys(keys: readonly string[]): string[] {
  // In the SDK, but not in its types (sdk/nodejs/runtime/config.ts, @internal).
  const runtime = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };
  return keys.filter((key) => runtime.isConfigSecret(NAMESPACE + key));
}

/** The containers with their environment variables taken out, if any setting of theirs is secret. */
export interface SplitContainers {
  /** Of any form, as it was written. */
  containers: unknown;
  /** None when `containers` holds no secret: then they stay where they are. */
  secretEnv?: VariablesOf<string>;
}

/**
 * Takes the environment variables out of containers that have the right form. All of them count as secret, since it is unknown which ones
 * are.
 */
export function splitContainers(containers: unknown, secret: boolean): SplitContainers {
  if (!secret) return { containers };
  const found = sortedEntries(mapping(containers)).map(([name, container]) => {
    const { env, ...rest } = mapping(container);
    return { name, env, rest };
  });
  const env = found.filter((one) => one.env !== undefined).map((one) => [one.name, one.env]);
  return {
    containers: Object.fromEntries(found.map(({ name, rest }) => [name, rest])),
    secretEnv: Object.fromEntries(env) as VariablesOf<string>,
  };
}

/** Settings that are secret and must not be. @param containers of any form */
export function checkSecrets(secret: readonly string[], containers: unknown): Problem[] {
  const others = secret
    .filter((key) => key !== CONTAINERS)
    .map((path) => ({ path, got: SECRET, message: "Is secret, or holds a secret.", cure: CURE }));
  if (!secret.includes(CONTAINERS)) return others;
  const envs = environments(containers);
  const message = "Holds a secret, but no container has env.";
  const none = envs.length > 0 ? [] : [{ path: CONTAINERS, got: SECRET, message, cure: CURE }];
  const exposed = envs
    .filter(({ at, env }) => checkVariables(at, env).length === 0)
    .flatMap(({ at, env }) => checkSecretVariables(at, env as Record<string, string>));
  return [...others, ...none, ...elsewhere(), ...exposed];
}

/** Problems of the environment variables of all containers; an overlay's plan sees only their names. */
export function checkEnvironments(containers: unknown): Problem[] {
  return environments(containers).flatMap(({ at, env }) => checkVariables(at, env));
}

interface Environment {
  at: (...names: string[]) => string;
  /** Of any form. */
  env: unknown;
}

function environments(containers: unknown): Environment[] {
  return sortedEntries(mapping(containers)).flatMap(([name, container]) => {
    const { env } = mapping(container);
    return env === undefined ? [] : [{ at: (...names) => pathOf(CONTAINERS, name, "env", ...names), env }];
  });
}

/** The same problem without the value, which may be or hold the secret. */
export function veiled(problem: Problem, secret: readonly string[]): Problem {
  const within = secret.some((key) => problem.path === key || problem.path.split(/[.[]/, 1)[0] === key);
  return within && problem.got !== undefined ? { ...problem, got: SECRET } : problem;
}

/** Secrets outside env, as far as the stack's file shows them: Pulumi may use another file (`--config-file`). */
function elsewhere(): Problem[] {
  return secureBelow(stackFile()?.[NAMESPACE + CONTAINERS], [])
    .filter(([, setting]) => setting !== "env")
    .map((steps) => ({
      path: pathOf(CONTAINERS, ...steps),
      got: SECRET,
      message: "Is secret.",
      cure: CURE,
    }));
}

/** Paths of what Pulumi encrypted: `{ secure: CIPHERTEXT }` (sdk/go/common/resource/config/value.go). */
function secureBelow(node: unknown, path: readonly (string | number)[]): (string | number)[][] {
  if (Array.isArray(node)) return node.flatMap((one: unknown, index) => secureBelow(one, [...path, index]));
  const entries = sortedEntries(mapping(node));
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === "secure" && typeof only[1] === "string") return [[...path]];
  return entries.flatMap(([key, one]) => secureBelow(one, [...path, key]));
}

function stackFile(): Record<string, unknown> | undefined {
  try {
    // Pulumi's own YAML reader; loaded only for labs with secrets.
    const load = createRequire(require.resolve("@pulumi/pulumi"))("js-yaml") as {
      load(text: string): unknown;
    };
    const file = join(process.cwd(), `Pulumi.${pulumi.getStack()}.yaml`);
    return mapping(mapping(load.load(readFileSync(file, "utf8")))["config"]);
  } catch {
    return undefined;
  }
}

function mapping(value: unknown): Record<string, unknown> {
  const fits = typeof value === "object" && value !== null && !Array.isArray(value);
  return fits ? (value as Record<string, unknown>) : {};
}
