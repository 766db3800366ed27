/** What the CLI needs of a stack's state, as `pulumi stack export` writes it. Pure. */
import { LAB_OUTPUT, LAB_SCHEMA } from "../../plan/contract";
import type { LabOutput } from "../../plan/contract";
import { readLab } from "../../plan/published-lab";
import { LOGIN_KEY_INFO, deriveSeed, ed25519FromSeed, hostKeyInfo } from "../../plan/keys";
import { sshHost } from "../access/ssh-files";
import type { SshHost } from "../access/ssh-files";
import { Exit, Fault } from "../exit";

/** A lab and how its hosts are reached. */
export interface KnownLab {
  lab: LabOutput;
  hosts: SshHost[];
}

interface Resource {
  type: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

const STACK = "pulumi:pulumi:Stack";
const UNDERLAY = "vxlab:index:VxlanUnderlay";
const STEP = "command:remote:Command";
const SECRET = "random:index/randomPassword:RandomPassword";

/**
 * The lab of a stack: nothing of it is a secret.
 *
 * @param stack its name, for what is said when there is no lab in it
 */
export function labOfState(state: unknown, stack: string): KnownLab {
  const resources = resourcesOf(state);
  const lab = resources.find(({ type }) => type === STACK)?.outputs?.[LAB_OUTPUT];
  if (!isObject(lab))
    throw resources.some(({ type }) => type === UNDERLAY) ? onlyMachines(stack) : noLab(stack);
  const known = readLab(lab);
  if (known === undefined) {
    const cure = "run the vxlab that made it, or ./vxlab up to make it anew";
    throw new Fault(
      Exit.missing,
      `the lab of stack ${stack} has schema ${String(lab.schema)}, this vxlab reads ${LAB_SCHEMA}: ${cure}`,
    );
  }
  return { lab: known, hosts: known.hosts.map(sshHost) };
}

/**
 * The OpenSSH private key that each host lets in, by the host's name.
 *
 * @param state with its secrets: `pulumi stack export --show-secrets`
 */
export function keysOfState(state: unknown, lab: LabOutput, stack: string): Map<string, string> {
  const resources = resourcesOf(state);
  const steps = stepKeys(resources);
  const own = { ...lab, hosts: lab.hosts.filter(({ existing }) => existing === undefined) };
  const login = own.hosts.length === 0 ? undefined : loginKeyOf(own, resources, stack);
  return new Map(
    lab.hosts.flatMap(({ name, hostKey, existing }) => {
      const key = existing === undefined ? login : steps.get(hostKey);
      return key === undefined ? [] : [[name, key] as const];
    }),
  );
}

/** Private keys by the host's public key, out of the connections of the steps: existing hosts' are nowhere else. */
function stepKeys(resources: readonly Resource[]): Map<string, string> {
  const connections = resources
    .filter(({ type }) => type === STEP)
    .map(({ inputs }) => plain(inputs?.connection));
  return new Map(
    connections.filter(isObject).flatMap(({ hostKey, privateKey }) => {
      const key = plain(privateKey);
      return typeof hostKey === "string" && typeof key === "string" ? [[hostKey, key] as const] : [];
    }),
  );
}

export function noLab(stack: string): Fault {
  return new Fault(Exit.missing, `there is no lab in stack ${stack}: run ./vxlab up first`);
}

function onlyMachines(stack: string): Fault {
  const cure = "name the overlay stack that stands on it: -s OVERLAY";
  return new Fault(Exit.usage, `stack ${stack} is an underlay, machines with nothing on them: ${cure}`);
}

/**
 * Computed from the lab's secret, since it is in no output. Of the secrets in the state it is the one that the first
 * host's public key was computed from as well.
 */
function loginKeyOf(lab: LabOutput, resources: readonly Resource[], stack: string): string {
  const secrets = resources
    .filter(({ type }) => type === SECRET)
    .map(({ outputs }) => plain(outputs?.result));
  const [first] = lab.hosts;
  const fits = (secret: Buffer): boolean =>
    first === undefined || blobOf(keyFor(secret, hostKeyInfo(first.name))) === blobOf(first.hostKey);
  const secret = secrets
    .flatMap((text) => (typeof text === "string" ? [Buffer.from(text, "base64")] : []))
    .find((bytes) => bytes.length >= 16 && fits(bytes));
  if (secret !== undefined) return ed25519FromSeed(deriveSeed(secret, LOGIN_KEY_INFO)).privateKeyOpenSsh;
  throw new Fault(
    Exit.missing,
    `the state of stack ${stack} holds no secret that fits the lab's host keys: run ./vxlab up, which brings both in line`,
  );
}

function keyFor(secret: Buffer, info: string): string {
  return ed25519FromSeed(deriveSeed(secret, info)).publicKeyLine;
}

/** The key itself, without type and comment. */
function blobOf(line: string): string | undefined {
  return line.split(" ")[1];
}

/** A secret in an export: an object that carries its value as JSON (sdk/go/common/apitype, SecretV1). */
export function plain(value: unknown): unknown {
  if (!isObject(value) || typeof value.plaintext !== "string") return value;
  return JSON.parse(value.plaintext) as unknown;
}

export function resourcesOf(state: unknown): Resource[] {
  const { deployment } = isObject(state) ? state : {};
  const { resources } = isObject(deployment) ? deployment : {};
  return Array.isArray(resources) ? (resources as Resource[]) : [];
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
