/**
 * What this version would do to a lab that an earlier one deployed: the real engine and providers on the states that each version recorded,
 * without machines. docs/reliability.md has the table; `UPDATE_GOLDEN=1` writes it anew. Nothing may be replaced or deleted.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { format, resolveConfig } from "prettier";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { checkout, good, Project } from "../lib/project";
import { writeState, type WrittenResource } from "../lib/written-state";
import { existing, ground, inventedLogin, machines, overlay, PAIR_NAMES } from "../upgrade/labs";
import { LAB_NAMES, type LabName } from "../upgrade/labs";
import { readRecording, recordedVersions, restored, type Place } from "../upgrade/recording";
import { VERSIONS } from "../upgrade/versions";

const DOC = join(checkout, "docs", "reliability.md");
const STEP = "command:remote:Command";

let project: Project;
let place: Place;
/** By version and lab, the steps that would run again. */
const again: Record<string, Partial<Record<LabName, string>>> = {};

beforeAll(async () => {
  project = await Project.create("upgrade");
  const folder = join(project.root, "golden-0123456789ab");
  mkdirSync(folder);
  for (const [file, text] of Object.entries({
    "root.qcow2": "QFI\xfb",
    vmlinuz: "",
    "initrd.img": "",
  }))
    writeFileSync(join(folder, file), text, "latin1");
  const login = (name: "a" | "b") => {
    const found = inventedLogin(name, join(project.paths.dot, `key-of-${name}`));
    writeFileSync(found.keyFile, found.privateKey, { mode: 0o600 });
    return found;
  };
  place = { project, image: join(folder, "root.qcow2"), logins: { a: login("a"), b: login("b") } };
  // Sets the toolchain up out of the shared cache.
  good(await project.vxlab(["preview"]));
});

afterAll(() => project?.destroy());

/** The recorded lab is the stack of this name. What a preview of it says, with settings that may be changed. */
async function preview(version: string, lab: LabName, edit: object = {}) {
  const settings = {
    machines: machines(place.image),
    existing: existing(place.logins),
    ground: ground(place.image),
    overlay,
  };
  project.configure({ ...settings[lab], ...edit }, lab);
  const recording = readRecording(version);
  writeFileSync(join(dirname(place.image), "cmdline"), recording.cmdline);
  const resources = restored(recording, lab, place);
  await writeState(project, lab, resources);
  const told = await change(project, ["preview", "--stack", lab]);
  good(told);
  return { ...told, resources };
}

/** All but updates in place of components and of steps on hosts, and what reads other stacks: their references, by the engine's own provider. */
function harmful(steps: readonly string[], resources: readonly WrittenResource[]): string[] {
  const inPlace = new Set(
    resources
      .filter(({ custom, type }) => !custom || type === STEP)
      .map(({ urn }) => `update ${nameOf(urn)}`),
  );
  const reads = (step: string) => step === "create default" || step.startsWith("read ");
  return steps.filter((step) => !inPlace.has(step) && !reads(step));
}

const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

/** `bridge 2, port 6`: the kinds of the steps that an update runs again. */
function kinds(steps: readonly string[], resources: readonly WrittenResource[]): string {
  const counts = new Map<string, number>();
  for (const { urn, type, inputs } of resources) {
    if (type !== STEP || !steps.includes(`update ${nameOf(urn)}`)) continue;
    const { delete: remove = "" } = inputs as { delete?: string };
    const kind = / remove (\w+)/.exec(remove)?.[1] ?? "check of the host";
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return (
    [...counts]
      .sort()
      .map(([kind, count]) => `${kind} ${count}`)
      .join(", ") || "nothing"
  );
}

it("every recording is in the list of versions", () => {
  expect(recordedVersions()).toEqual(Object.keys(VERSIONS).sort());
});

describe.each(Object.keys(VERSIONS))("a lab that %s left", (version) => {
  it.each(LAB_NAMES)("is updated in place: %s", async (lab) => {
    const { steps, resources } = await preview(version, lab);
    expect(harmful(steps, resources)).toEqual([]);
    again[version] = { ...again[version], [lab]: kinds(steps, resources) };
  });

  const pair = PAIR_NAMES.filter((lab) => lab in readRecording(version).labs);
  // One after the other: an overlay reads the stack below it.
  it.runIf(pair.length > 0)("is updated in place, as an underlay with an overlay", async () => {
    for (const lab of pair) {
      const { steps, resources } = await preview(version, lab);
      expect([lab, harmful(steps, resources)]).toEqual([lab, []]);
      // A recording has no private keys, so an overlay's connections differ, and each of its steps is an update here.
      const counted = lab === "overlay" ? "in place, not counted" : kinds(steps, resources);
      again[version] = { ...again[version], [lab]: counted };
    }
  });
});

it("only what docs/reliability.md says runs again", async () => {
  const rows = Object.entries(VERSIONS).map(([version, { what }]) => [
    version,
    what,
    ...[...LAB_NAMES, ...PAIR_NAMES].map((lab) => again[version]?.[lab] ?? "not recorded"),
  ]);
  const table = [
    ["version", "what its hosts are", "machines", "existing hosts", "an underlay", "an overlay"],
    ["-", "-", "-", "-", "-", "-"],
    ...rows,
  ].map((row) => `| ${row.join(" | ")} |`);
  const text = readFileSync(DOC, "utf8");
  const now = text.replace(
    /(<!-- upgrade -->\n\n).*?(\n\n<!-- \/upgrade -->)/s,
    (_, start, end) => `${start}${table.join("\n")}${end}`,
  );
  const said = await format(now, { ...(await resolveConfig(DOC)), filepath: DOC });
  if (process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(DOC, said);
  expect(said).toBe(readFileSync(DOC, "utf8"));
});

describe("the control: it notices", () => {
  // An older one's containers move in place the first time.
  const newest = Object.keys(VERSIONS).at(-1) ?? "";

  it("a machine that would be rebuilt", async () => {
    const { hosts } = machines(place.image);
    const { steps, resources } = await preview(newest, "machines", {
      hosts: { ...hosts, kvm2: { ...hosts.kvm2, memory: 384 } },
    });
    expect(harmful(steps, resources)).toContain("replace lab-kvm2-domain");
  });

  it("a container's step that would be replaced", async () => {
    const { containers } = existing(place.logins);
    const { steps, resources } = await preview(newest, "existing", {
      containers: { ...containers, c2: { ...containers.c2, host: "a" } },
    });
    expect(harmful(steps, resources)).toContain("replace lab-c2-step");
  });
});
