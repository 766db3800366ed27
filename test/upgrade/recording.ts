/**
 * What a version left behind, in a file: the states of its stacks. The steps in a state have their scripts and stdin, so it is also how the
 * version left the hosts. Private keys and what belongs to the place of the recording are placeholders; the secret of a lab that is gone
 * protects nothing.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { WrittenResource } from "../lib/written-state";
import { keyTexts, replaced, type Texts } from "../engine/golden/state";
import type { LabName, Logins } from "./labs";

/** A version's file. */
export interface Recording {
  /** How the kernel of the machines is started: it is read from a file beside the image. */
  cmdline: string;
  labs: Partial<Record<LabName, WrittenResource[]>>;
  /** Guest tools and other long texts, by their hash, in pieces: they are the same in every host's first step. */
  texts: Record<string, string[]>;
}

/** What differs between the place of the recording and that of a test. */
export interface Place {
  project: { paths: { id: string; dot: string } };
  image: string;
  logins: Logins;
}

const STEP = "command:remote:Command";
const FOLDER = join(__dirname, "states");
/** In characters. The beginning of a step's stdin differs from host to host, the tools after it do not. */
const LONG = 4096;

const fileOf = (version: string): string => join(FOLDER, `${version}.json`);

export const recordedVersions = (): string[] =>
  readdirSync(FOLDER)
    .map((file) => basename(file, ".json"))
    .sort();

export function readRecording(version: string): Recording {
  return JSON.parse(readFileSync(fileOf(version), "utf8")) as Recording;
}

/** A resource and a piece of text a line, so that a difference can be read. */
export function writeRecording(version: string, { cmdline, labs, texts }: Recording): void {
  const lines = (values: readonly unknown[]) =>
    values.map((value) => `   ${JSON.stringify(value)}`).join(",\n");
  const lists = (of: Record<string, readonly unknown[]>) =>
    Object.entries(of)
      .map(([name, values]) => `  ${JSON.stringify(name)}: [\n${lines(values)}\n  ]`)
      .join(",\n");
  writeFileSync(
    fileOf(version),
    `{\n "cmdline": ${JSON.stringify(cmdline)},\n "labs": {\n${lists(labs)}\n },\n "texts": {\n${lists(texts)}\n }\n}\n`,
  );
}

/** An exported stack, as it is recorded. Adds its long texts to `texts`. @param below what an overlay's underlay has been recorded as */
export function recorded(
  exported: string,
  place: Place,
  texts: Recording["texts"],
  below: readonly WrittenResource[] = [],
): WrittenResource[] {
  const { deployment } = JSON.parse(exported) as { deployment: { resources: WrittenResource[] } };
  const pairs = textsOf(place, deployment.resources, below).map(([name, text]): [string, string] => [
    text,
    `@${name}@`,
  ]);
  const resources = replaced(deployment.resources.map(brief), pairs);
  const left = /[^"]{0,40}PRIVATE KEY[^"]{0,40}/.exec(JSON.stringify(resources))?.[0];
  if (left !== undefined) throw new Error(`a private key is left in the recording: ${left}`);
  return resources.map((one) => eachText(one, (text) => shortened(text, texts)));
}

/** The resources of a lab as if it had been recorded here. */
export function restored({ labs, texts }: Recording, lab: LabName, place: Place): WrittenResource[] {
  const whole = (labs[lab] ?? []).map((one) =>
    eachText(one, (text) =>
      text.replace(/@text ([0-9a-f]+)@/, (_, hash: string) => (texts[hash] ?? []).join("")),
    ),
  );
  const below = lab === "overlay" ? (labs.ground ?? []) : [];
  const pairs = textsOf(place, whole, below).map(([name, text]): [string, string] => [`@${name}@`, text]);
  return replaced(whole, pairs).map(full);
}

/** Without what the engine notes about the program, and without what a step's outputs repeat of its inputs. */
function brief(resource: WrittenResource): WrittenResource {
  const { created, modified, sourcePosition, stackTrace, ...rest } = resource;
  void [created, modified, sourcePosition, stackTrace];
  const ties = rest["propertyDependencies"] as Record<string, string[]> | undefined;
  const some = Object.entries(ties ?? {}).filter(([, urns]) => urns.length > 0);
  const kept = ties === undefined ? rest : { ...rest, propertyDependencies: Object.fromEntries(some) };
  if (resource.type !== STEP) return kept;
  const { stdout, stderr } = resource["outputs"] as Record<string, unknown>;
  return { ...kept, outputs: { stdout, stderr } };
}

function full(resource: WrittenResource): WrittenResource {
  if (resource.type !== STEP) return resource;
  return { ...resource, outputs: { ...(resource["inputs"] as object), ...(resource["outputs"] as object) } };
}

function textsOf(
  { project, image, logins }: Place,
  resources: readonly WrittenResource[],
  below: readonly WrittenResource[],
): Texts {
  const folder = dirname(image);
  const texts: Texts = [
    ["socket", `/run/vxlab/${project.paths.id}/libvirt-sock`],
    ["libvirt", join(project.paths.dot, "libvirt")],
    ["image folder", folder],
    ["image", basename(folder).replace(/^golden-/, "")],
    ...Object.entries(logins).flatMap(([name, { hostKey, keyFile, privateKey }]): Texts => [
      [`host key of ${name}`, hostKey],
      [`key file of ${name}`, keyFile],
      [`private key of ${name}`, privateKey],
    ]),
    ...keyTexts(resources),
    ...keyTexts(below).map(([name, text]): Texts[0] => [`${name} below`, text]),
  ];
  return texts.filter(([, text]) => text !== "");
}

function shortened(text: string, texts: Recording["texts"]): string {
  if (text.length < LONG) return text;
  // Before the third version, the tools were a string in the state's JSON.
  const [head = ""] = /^.*?(\\n|\n)/.exec(text) ?? [];
  const rest = text.slice(head.length);
  const hash = createHash("sha256").update(rest).digest("hex").slice(0, 12);
  texts[hash] ??= rest.split(/(?<=\n|\\n)/);
  return `${head}@text ${hash}@`;
}

/** In every string of a value. */
function eachText<T>(value: T, change: (text: string) => string): T {
  if (typeof value === "string") return change(value) as T;
  if (Array.isArray(value)) return value.map((one: unknown) => eachText(one, change)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, eachText<unknown>(one, change)]),
  ) as T;
}
