/** A recorded state in another place and time: the same lab, as if it stood here and this tree had deployed it. */
import { join } from "node:path";
import { imageCache, ownImage } from "../../../image/image";
import { deriveSeed, ed25519FromSeed, hostKeyInfo, LOGIN_KEY_INFO } from "../../../plan/keys";
import { good, type Project } from "../../lib/project";
import { writeState } from "../../lib/written-state";
import type { WrittenResource } from "../../lib/written-state";

/** What the test puts in; private keys are computed, so that none is in the file. */
export interface Recording {
  resources: WrittenResource[];
}

/** By the name of their placeholder, `@name@`. */
export type Texts = [name: string, text: string][];

/** A state without what belongs to the place where it was recorded, and without private keys. */
export function recordingOf(project: Project, exported: string): Recording {
  const { deployment } = JSON.parse(exported) as { deployment: Recording };
  const texts = [...placeTexts(project, "golden"), ...keyTexts(deployment.resources)];
  return replaced(
    { resources: deployment.resources.map(brief) },
    texts.map(([name, text]) => [text, `@${name}@`]),
  );
}

/** A step is brought up to date in any case: what it was given and answered once need not be kept. */
function brief(resource: WrittenResource): WrittenResource {
  if (resource.type !== "command:remote:Command") return resource;
  const { connection } = resource["inputs"] as { connection: unknown };
  return { ...resource, inputs: { connection, create: "true" }, outputs: {} };
}

/** The recording with LXC's container as Docker's: its names and the stack's output; `stand` brings all else up to date. */
export function withDocker(recording: Recording, container: string, image: string): Recording {
  const type = "vxlab:index:DockerContainer";
  const mine = new RegExp(`vxlab:index:LxcContainer((\\$command:remote:Command)?::lab-${container}(-step)?")`, "g");
  const text = JSON.stringify(recording).replace(mine, `${type}$1`);
  const { resources } = JSON.parse(text) as Recording;
  return {
    resources: resources.map((one) => {
      if (one.urn.endsWith(`${type}::lab-${container}`)) return { ...one, type };
      const { lab, ...rest } = (one["outputs"] ?? {}) as { lab?: Told };
      if (lab === undefined) return one;
      const box = { ...lab.containers[container], kind: "docker", command: [], image };
      const containers = { ...lab.containers, [container]: box };
      return { ...one, outputs: { ...rest, lab: { ...lab, containers, image: "docker" } } };
    }),
  };
}

/** What a lab tells of itself, as far as it matters here. */
interface Told {
  containers: Record<string, object>;
}

/** The recording as the state of the stack `lab` of this copy, brought up to date: `pulumi preview` then has no change. */
export async function stand(
  project: Project,
  recording: Recording,
  image: "golden" | "docker" = "golden",
): Promise<void> {
  const texts = [...placeTexts(project, image), ...keyTexts(recording.resources)];
  const here = replaced(
    recording,
    texts.map(([name, text]) => [`@${name}@`, text]),
  );
  await writeState(project, "lab", here.resources);
  const told = good(await project.pulumi(["preview", "--json", "--show-secrets", "--stack", "lab"]));
  await writeState(
    project,
    "lab",
    renewed(here.resources, (JSON.parse(told) as { steps?: Step[] }).steps ?? []),
  );
}

interface Step {
  op: string;
  urn: string;
  newState?: WrittenResource;
}

/** What only this tree decides is taken as if it had been deployed; what a provider has answered must be as recorded. */
function renewed(recorded: readonly WrittenResource[], steps: readonly Step[]): WrittenResource[] {
  const bySteps = new Map(steps.map((step) => [step.urn, step]));
  const foreign = steps.filter(({ op, urn }) => op === "create" || (op !== "same" && !isOurs(urn)));
  if (foreign.length > 0) {
    const names = foreign.map(({ op, urn }) => `${op} ${urn}`).join("\n");
    throw new Error(`the recorded state is out of date, run test/engine/golden/record.ts:\n${names}`);
  }
  const kept = recorded.flatMap((old) => {
    const step = bySteps.get(old.urn);
    if (step?.op === "delete") return [];
    // The engine tells no step of its default providers.
    return [step?.newState === undefined || step.op === "same" ? old : deployed(old, step.newState)];
  });
  return kept;
}

const isOurs = (urn: string): boolean =>
  /(vxlab:index:\w+|command:remote:Command|pulumi:pulumi:Stack)::[^:]*$/.test(urn);

/** The engine shows no secrets in a preview, so the connection stays as it was recorded. */
function deployed(old: WrittenResource, state: WrittenResource): WrittenResource {
  if (!state.custom) return { ...old, ...state };
  const { connection } = old["inputs"] as { connection: unknown };
  const inputs = { ...(state["inputs"] as object), connection };
  // What decides over more than the step itself: which inputs are whose, and which of them replace.
  const { propertyDependencies, replaceOnChanges } = state;
  const ties = { propertyDependencies, replaceOnChanges };
  return { ...old, ...ties, inputs, outputs: { ...inputs, stdout: "{}", stderr: "" } };
}

function placeTexts(project: Project, image: "golden" | "docker"): Texts {
  const { version, root } = ownImage(image, imageCache(), false);
  return [
    ["socket", `/run/vxlab/${project.paths.id}/libvirt-sock`],
    ["libvirt", join(project.paths.dot, "libvirt")],
    ["images", join(root, "..")],
    ["image", version],
  ];
}

/** The private keys of the lab whose state this is, in the form of JSON's strings. */
export function keyTexts(resources: readonly WrittenResource[]): Texts {
  const [password] = resources.filter(({ type }) => type === "random:index/randomPassword:RandomPassword");
  if (password === undefined) return [];
  const result = (password["outputs"] as { result?: { plaintext: string } } | undefined)?.result;
  const secret = Buffer.from(JSON.parse(result?.plaintext ?? '""') as string, "base64");
  return ["login", "kvm1", "kvm2"].map((name) => {
    const info = name === "login" ? LOGIN_KEY_INFO : hostKeyInfo(name);
    return [`key of ${name}`, ed25519FromSeed(deriveSeed(secret, info)).privateKeyOpenSsh];
  });
}

/** In every string, also in the JSON in a string that a secret's plaintext is. */
export function replaced<T>(value: T, pairs: readonly [from: string, to: string][]): T {
  const quoted = (text: string, times: number): string =>
    times === 0 ? text : quoted(JSON.stringify(text).slice(1, -1), times - 1);
  const forms = pairs.flatMap(([from, to]) =>
    [3, 2, 1].map((n) => [quoted(from, n), quoted(to, n)] as const),
  );
  const text = forms.reduce((all, [from, to]) => all.replaceAll(from, to), JSON.stringify(value));
  return JSON.parse(text) as T;
}
