/** The login keys of a lab's hosts, from the state of its stack. Pure. */
import type { LabOutput } from "../../plan/contract";
import { LOGIN_KEY_INFO, deriveSeed, ed25519FromSeed, hostKeyInfo } from "../../plan/keys";
import { Exit, Fault } from "../exit";
import { isObject, plain, resourcesOf } from "./export";
import type { Resource } from "./export";

const STEP = "command:remote:Command";
const SECRET = "random:index/randomPassword:RandomPassword";

/**
 * The private login key of each host, in OpenSSH's format, by the host's name.
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

/** Private keys by the host's public key, from the steps' connections: the state has existing hosts' keys nowhere else. */
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

/**
 * The login key is computed from the lab's secret: the secret in the state that gives the first host's public key.
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
    `no secret in the state of stack ${stack} matches the lab's host keys: run ./vxlab up`,
  );
}

function keyFor(secret: Buffer, info: string): string {
  return ed25519FromSeed(deriveSeed(secret, info)).publicKeyLine;
}

/** The key itself, without type and comment. */
function blobOf(line: string): string | undefined {
  return line.split(" ")[1];
}
