/** Stacks whose state is written instead of deployed: for the real engine and the real providers, without machines. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { good, type Project } from "./project";

/** How a secret stands in an exported state (sdk/go/common/apitype, SecretV1). */
const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

export const secret = (value: unknown) => ({ ...SECRET, plaintext: JSON.stringify(value) });

export interface WrittenResource {
  urn: string;
  type: string;
  custom: boolean;
  [key: string]: unknown;
}

/** A Pulumi project in the copy's backend. */
export interface Place {
  folder: string;
  name: string;
  /** What the secrets of its stacks are encrypted with. @default the copy's own */
  passphrase?: string;
}

export const ownPlace = ({ root }: Project): Place => ({ folder: root, name: "vxlab" });

/** Takes the place of whatever the stack's state was; the stack is made when there is none. */
export async function writeState(
  project: Project,
  stack: string,
  resources: readonly WrittenResource[],
  { folder, passphrase }: Place = ownPlace(project),
): Promise<void> {
  const env = passphrase === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE: passphrase };
  const file = join(project.temporary, `${stack}.json`);
  await project.pulumi(["stack", "init", stack, "--no-select", "--cwd", folder], { env });
  const manifest = { time: "2026-01-01T00:00:00Z", magic: "", version: "" };
  const settings = readFileSync(join(folder, `Pulumi.${stack}.yaml`), "utf8");
  const salt = /^encryptionsalt: *(\S+)/m.exec(settings)?.[1];
  // Without it the import has nothing to encrypt with.
  const secrets_providers = { type: "passphrase", state: { salt } };
  writeFileSync(file, JSON.stringify({ version: 3, deployment: { manifest, secrets_providers, resources } }));
  const words = ["stack", "import", "--stack", stack, "--file", file, "--cwd", folder];
  good(await project.pulumi(words, { env }));
}

/** A stack that tells `outputs` and holds nothing. */
export function writeOutputs(
  project: Project,
  stack: string,
  outputs: Readonly<Record<string, unknown>>,
  place: Place = ownPlace(project),
): Promise<void> {
  const type = "pulumi:pulumi:Stack";
  const urn = `urn:pulumi:${stack}::${place.name}::${type}::${place.name}-${stack}`;
  return writeState(project, stack, [{ urn, type, custom: false, outputs }], place);
}
