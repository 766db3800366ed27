/**
 * The settings files, merged as Pulumi merges them (sdk/go/common/workspace: project.go, config.go, loaders.go), because
 * Pulumi may not be installed yet. A key in the stack's file replaces the whole value of the same key in the project's.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { isMap, isScalar } from "yaml";
import { Exit, Fault } from "../exit";
import { parseYaml, YamlError, type Value, type Yaml } from "./go-yaml";

export interface SettingsFile {
  /** As messages name it: relative to the project. */
  name: string;
  path: string;
  yaml: Yaml;
}

export interface Settings {
  /** By namespaced key, `vxlab:hosts`; what is encrypted is `{ secure: … }`. */
  values: ReadonlyMap<string, Value>;
  /** Those that exist: the project's, the stack's. */
  files: SettingsFile[];
}

export interface Project {
  /** @default "vxlab", when the file names none */
  name: string;
  file: SettingsFile | undefined;
  /** Where the stacks' files are, a path: the project's folder, or its `stackConfigDir`. */
  folder: string;
}

const NAMESPACE = "vxlab:";
const DEFAULT_NAME = "vxlab";

const isMapping = (value: Value | undefined): value is Record<string, Value> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const known = new Map<string, { text: string; yaml: Yaml }>();

function readFile(root: string, path: string): SettingsFile | undefined {
  if (!existsSync(path)) return undefined;
  const name = relative(root, path);
  const text = readFileSync(path, "utf8");
  const kept = known.get(path);
  if (kept?.text === text) return { name, path, yaml: kept.yaml };
  try {
    const yaml = parseYaml(text);
    known.set(path, { text, yaml });
    return { name, path, yaml };
  } catch (error) {
    if (error instanceof YamlError)
      throw new Fault(Exit.usage, `${name}, line ${error.line}: ${error.message}. Correct the YAML there.`);
    throw error;
  }
}

/** @throws Fault with file and line, when the file is not YAML; as do the functions below */
function readProject(root: string): Project {
  const file = readFile(root, join(root, "Pulumi.yaml"));
  const value = file?.yaml.value;
  const { name, config, stackConfigDir } = isMapping(value) ? value : {};
  // A text in `config` is the older way to name the folder.
  const below = [stackConfigDir, config].find((one) => typeof one === "string");
  return {
    name: typeof name === "string" && name !== "" ? name : DEFAULT_NAME,
    file,
    folder: join(root, typeof below === "string" ? below : ""),
  };
}

export const projectName = (root: string): string => readProject(root).name;

/** The stack's own part of `ORG/PROJECT/STACK`: files of settings and of a file backend's state are named by it. */
export const shortName = (stack: string): string => stack.slice(stack.lastIndexOf("/") + 1);

/** Whether it exists or not. */
export const stackFile = (root: string, stack: string): string =>
  join(readProject(root).folder, `Pulumi.${shortName(stack)}.yaml`);

export function readSettings(root: string, stack: string): Settings {
  const project = readProject(root);
  const own = readFile(root, stackFile(root, stack));
  const values = new Map<string, Value>();
  for (const [key, value] of entriesOf(own, project.name)) values.set(key, value ?? "");
  for (const [key, declared] of entriesOf(project.file, project.name).sort(byKey)) {
    const value = declaredValue(declared);
    if (value !== undefined) addMissing(values, key, value);
  }
  return { values, files: [project.file, own].filter((file) => file !== undefined) };
}

const byKey = ([a]: readonly [string, Value], [b]: readonly [string, Value]): number => (a < b ? -1 : 1);

function entriesOf(file: SettingsFile | undefined, project: string): [string, Value][] {
  const config = isMapping(file?.yaml.value) ? file.yaml.value["config"] : undefined;
  if (!isMapping(config)) return [];
  return Object.entries(config).map(([key, value]) => [namespaced(key, project), value]);
}

/** `name` is the project's, `vxlab:config:name` an older way to write `vxlab:name`. */
function namespaced(key: string, project: string): string {
  return key.includes(":") ? key.replace(/^([^:]+):config:([^:]+)$/, "$1:$2") : `${project}:${key}`;
}

/** A mapping in the project's file declares a setting, of which `default` or `value` is the value. */
function declaredValue(declared: Value): Value | undefined {
  if (!isMapping(declared)) return declared ?? undefined;
  return declared["default"] ?? declared["value"] ?? undefined;
}

/** Pulumi takes a key of the project's file for a path: `vxlab:image.kind` is set in the stack's `vxlab:image`. */
function addMissing(values: Map<string, Value>, key: string, value: Value): void {
  const [first = key, ...rest] = /["[\]]/.test(key) ? [key] : key.split(".");
  const last = rest.pop();
  if (last === undefined) {
    if (!values.has(key)) values.set(key, value);
    return;
  }
  const top = values.get(first);
  const copy: Record<string, Value> = isMapping(top) ? structuredClone(top) : {};
  let at = copy;
  for (const step of rest) {
    const next = at[step];
    if (next !== undefined && !isMapping(next)) return;
    at = at[step] = next ?? {};
  }
  if (last in at) return;
  at[last] = value;
  values.set(first, copy);
}

/**
 * A setting of vxlab as the program gets it: text that is JSON is what the JSON says (config.ts). undefined: not set.
 *
 * @throws Fault when it is encrypted: only Pulumi has the passphrase
 */
export function ownSetting(settings: Settings, name: string): Value | undefined {
  const value = settings.values.get(NAMESPACE + name);
  if (isSecret(value))
    throw new Fault(
      Exit.usage,
      `${NAMESPACE}${name} is encrypted, but vxlab must read it before Pulumi runs. Set it again without --secret.`,
    );
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as Value;
  } catch {
    return value;
  }
}

/** Undefined for an empty text, null and a wrong type: the program refuses these. */
export const textOf = (value: Value | undefined): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

export const partOf = (value: Value | undefined, key: string): Value | undefined =>
  isMapping(value) ? value[key] : undefined;

export const partsOf = (value: Value | undefined): Value[] => (isMapping(value) ? Object.values(value) : []);

/** As Pulumi writes an encrypted value. */
const isSecret = (value: Value | undefined): boolean =>
  isMapping(value) && typeof value["secure"] === "string" && Object.keys(value).length === 1;

export function hasSecrets(root: string, stack: string): boolean {
  const holds = (value: Value): boolean =>
    isSecret(value) || (typeof value === "object" && value !== null && Object.values(value).some(holds));
  return [...readSettings(root, stack).values.values()].some(holds);
}

/** The nodes of a file's settings, by namespaced key. */
export function nodesOf({ yaml }: SettingsFile, project: string): [string, unknown][] {
  const config = isMap(yaml.root) ? yaml.follow(yaml.root.get("config", true)) : undefined;
  if (!isMap(config)) return [];
  return config.items.flatMap(({ key, value }) =>
    isScalar(key) ? [[namespaced(String(key.value), project), value] as [string, unknown]] : [],
  );
}
