/** An overlay as if it stood: its state is written out of its own previews, nothing of it was ever recorded. */
import { PublishedLab } from "../../../plan/contract";
import { hostOutput, labOutput } from "../../../plan/lab-output";
import { publishedLab } from "../../../plan/published-lab";
import type { LabPlan } from "../../../plan/types";
import { good, type Project } from "../../lib/project";
import { secret, writeState } from "../../lib/written-state";
import type { WrittenResource } from "../../lib/written-state";
import recording from "./state.json";

interface Step {
  op: string;
  urn: string;
  newState?: WrittenResource;
}

/** How the engine writes what it does not know yet (sdk/go/common/resource/plugin, UnknownStringValue). */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** Providers, then bridges, then what is on them: each knows more of its inputs when the ones before it are there. */
const ROUNDS = 4;
/** Of hundreds of hosts a preview takes minutes on a busy computer. */
export const PATIENT = { timeout: 1800 };

/** The only own host of the overlay, which all of its steps speak to. */
export interface Reached {
  address: string;
  hostKey: string;
  privateKey: string;
}

/**
 * The stack's state becomes what an `up` of its settings would leave.
 *
 * @param plan of these settings, for what it tells
 */
export async function standOverlay(
  project: Project,
  stack: string,
  host: Reached,
  plan: LabPlan,
): Promise<void> {
  const hosts = plan.hosts.map((planned) => hostOutput(planned, host));
  let resources = ground(stack, (id) => publishedLab(labOutput(plan, id, hosts)));
  for (let round = 0; round < ROUNDS; round++) {
    await writeState(project, stack, resources);
    const told = good(await project.pulumi(["preview", "--json", "--show-secrets", "--stack", stack], PATIENT));
    const { steps = [] } = JSON.parse(told) as { steps?: Step[] };
    const open = steps.filter(({ op }) => op === "create" || op === "update");
    if (open.length === 0) return;
    const known = open.flatMap(({ newState }) =>
      newState === undefined || JSON.stringify(newState.inputs ?? {}).includes(UNKNOWN) ? [] : [newState],
    );
    for (const state of known) resources = put(resources, standing(state, stack, host));
  }
  throw new Error(`the written state of ${stack} does not come to rest`);
}

/** Default providers and the overlay's id, out of the recorded lab. */
function ground(stack: string, lab: (id: string) => PublishedLab): WrittenResource[] {
  const text = JSON.stringify(recording.resources.filter(({ type, urn }) => /^pulumi:providers:(random|command)$/.test(type) || urn.endsWith("::lab-id")));
  const named = text
    .replaceAll("urn:pulumi:lab::", `urn:pulumi:${stack}::`)
    .replaceAll("VxlanLab::lab", "VxlanOverlay::overlay")
    .replaceAll("index:VxlanLab", "index:VxlanOverlay")
    .replaceAll("::lab-id", "::overlay-id");
  const id = recording.resources.find(({ urn }) => urn.endsWith("::lab-id")) as { outputs: { hex: string } } | undefined;
  const bare = (type: string, name: string): WrittenResource => ({
    urn: `urn:pulumi:${stack}::vxlab::${type}::${name}`,
    type,
    custom: false,
  });
  return [
    { ...bare("pulumi:pulumi:Stack", `vxlab-${stack}`), outputs: { lab: lab(id?.outputs.hex ?? "") } },
    bare("vxlab:index:VxlanOverlay", "overlay"),
    ...(JSON.parse(named) as WrittenResource[]),
  ];
}

function put(all: readonly WrittenResource[], one: WrittenResource): WrittenResource[] {
  const there = all.some(({ urn }) => urn === one.urn);
  return there ? all.map((old) => (old.urn === one.urn ? one : old)) : [...all, one];
}

/** As the engine keeps it after an `up`. A preview tells no secrets: they are put in. */
function standing(state: WrittenResource, stack: string, host: Reached): WrittenResource {
  if (!state.custom) return state;
  const name = state.urn.slice(state.urn.lastIndexOf("::") + 2);
  const provider = recording.resources.find(({ type }) => type === "pulumi:providers:command");
  const inputs = { ...(state["inputs"] as object), connection: connection(name, host) };
  const [urn, id] = [provider?.urn.replace("urn:pulumi:lab::", `urn:pulumi:${stack}::`), provider?.id];
  const outputs = { ...inputs, stdout: "{}", stderr: "" };
  // Stacks that are referred to are read anew each time: what depends on them does without them in the state.
  const loose = { dependencies: [], propertyDependencies: {} };
  return { ...state, ...loose, id: `${name}-1`, provider: `${urn}::${id}`, inputs, outputs };
}

/** components/guest-step.ts, connection. */
function connection(step: string, { address, hostKey, privateKey }: Reached) {
  const dialErrorLimit = step.endsWith("-vxbr-step") ? 120 : 24;
  const key = secret(privateKey);
  return secret({ dialErrorLimit, host: address, hostKey, perDialTimeout: 5, port: 22, privateKey: key, user: "root" });
}
