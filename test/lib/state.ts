/** The stack's state, and the lab's secrets in it. */
import type { LabOutput } from "../../plan/contract";
import { readLab } from "../../plan/published-lab";
import { deriveSeed, ed25519FromSeed, hostKeyInfo, LOGIN_KEY_INFO } from "../../plan/keys";
import { good, type Project } from "./project";

export interface StateResource {
  urn: string;
  type: string;
  outputs?: Record<string, unknown>;
}

export async function stateOf(project: Project, ...options: string[]): Promise<StateResource[]> {
  const text = good(await project.pulumi(["stack", "export", ...options]));
  return (JSON.parse(text) as { deployment: { resources?: StateResource[] } }).deployment.resources ?? [];
}

export const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

export async function labOf(project: Project): Promise<LabOutput> {
  const { lab } = JSON.parse(good(await project.pulumi(["stack", "output", "--json"]))) as { lab: unknown };
  const read = readLab(lab);
  if (read === undefined) throw new Error("the stack publishes no lab that can be read");
  return read;
}

export interface Secrets {
  loginKey: string;
  /** What must be nowhere, by what it is: secret, seeds and private keys, in the forms that text could hold them in. */
  needles: Record<string, string>;
}

export async function secretsOf(project: Project, hosts: readonly string[]): Promise<Secrets> {
  const found = (await stateOf(project, "--show-secrets")).filter(({ urn }) => nameOf(urn) === "lab-secret");
  const shown = found[0]?.outputs?.["result"] as { plaintext: string } | undefined;
  if (found.length !== 1 || shown === undefined)
    throw new Error("the state has no secret result of lab-secret");
  const text = JSON.parse(shown.plaintext) as string;
  const secret = Buffer.from(text, "base64");
  const needles = { "the secret": text, ...forms("the secret", secret) };
  const keys = ["login", ...hosts].map((name) => {
    const info = name === "login" ? LOGIN_KEY_INFO : hostKeyInfo(name);
    const seed = Buffer.from(deriveSeed(secret, info));
    const { privateKeyOpenSsh } = ed25519FromSeed(seed);
    Object.assign(needles, forms(`seed of ${name}`, seed), lines(`key of ${name}`, privateKeyOpenSsh));
    return privateKeyOpenSsh;
  });
  return { loginKey: keys[0] ?? "", needles };
}

function forms(what: string, bytes: Buffer): Record<string, string> {
  return { [`${what}, base64`]: bytes.toString("base64"), [`${what}, hex`]: bytes.toString("hex") };
}

/** The lines of a key file that hold private bytes: the first is the format's head, which any key has. */
function lines(what: string, key: string): Record<string, string> {
  const body = key.split("\n").filter((line) => line.length > 20 && !line.startsWith("-----"));
  return Object.fromEntries(body.slice(1).map((line, index) => [`${what}, line ${index + 2}`, line]));
}
