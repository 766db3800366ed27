/**
 * An overlay's steps on machines that its underlay no longer has. Their `remove` would time out after minutes, and there is nothing
 * left to remove. So their resources are deleted from the state. An existing host is never lost in this way.
 */
import type { Context } from "../command";
import { readStepInput } from "../../guest/protocol";
import { EXISTING_MACHINE, VTEPS_OUTPUT, VTEPS_SCHEMA } from "../../plan/vteps";
import type { VtepsOutput } from "../../plan/vteps";
import { pulumi } from "./engine";
import { Exit, Fault } from "../exit";
import { resources } from "../state/stack";
import type { StateResource } from "../state/stack";

const OVERLAY = "vxlab:index:VxlanOverlay";
const STEP = "command:remote:Command";

/**
 * Deletes from an overlay stack's state what was on lost machines. Does nothing for a stack of another role.
 *
 * @param withoutUnderlay the machines that exist when the underlay is not deployed. @default nothing is deleted then,
 * since the program refuses to run (components/lab/references.ts)
 */
export async function forgetLostMachines(
  context: Context,
  stack: string,
  withoutUnderlay?: ReadonlySet<string>,
): Promise<void> {
  const all = await resources(context, stack);
  const underlay = underlayOf(all);
  if (underlay === undefined || !all.some(({ type }) => type === STEP)) return;
  const vteps = await vtepsOf(context, underlay);
  const machines = vteps === undefined ? withoutUnderlay : machinesIn(vteps);
  if (machines === undefined) return;
  const lost = lostSteps(all, machines);
  if (lost.length === 0) return;
  const names = lost.map((urn) => urn.slice(urn.lastIndexOf("::") + 2)).join(", ");
  context.out.line(`removed from the state of ${stack}, because their machines no longer exist: ${names}`);
  for (const urn of lost) {
    const words = ["state", "delete", urn, "--yes", "--target-dependents", "--stack", stack];
    const { code, stderr } = await pulumi(context, words);
    // It may have been deleted as another's dependent.
    if (code !== 0 && !/No such resource/i.test(stderr))
      throw new Fault(Exit.failed, `pulumi state delete ${urn}:\n${stderr.trim()}`);
  }
}

/** The underlay stack in an overlay's state; undefined when the state is not an overlay's. */
export function underlayOf(all: readonly StateResource[]): string | undefined {
  const overlay = all.find(({ type }) => type === OVERLAY);
  const { stack } = (overlay?.inputs?.["underlay"] ?? {}) as { stack?: unknown };
  return typeof stack === "string" ? stack : undefined;
}

/** URNs of the steps on machines that are not among `machines`. Those on an existing host have to be removed there. */
export function lostSteps(all: readonly StateResource[], machines: ReadonlySet<string>): string[] {
  const steps = all.filter(({ type }) => type === STEP);
  const known = new Map(steps.map((step) => [step.urn, machineOf(step)]));
  return steps
    .filter(({ urn, dependencies = [] }) => {
      // The stdin of a container with environment variables is encrypted. It is on the machine of its bridge, on which it depends.
      const machine = known.get(urn) ?? dependencies.map((other) => known.get(other)).find(Boolean);
      return machine !== undefined && machine !== EXISTING_MACHINE && !machines.has(machine);
    })
    .map(({ urn }) => urn);
}

function machineOf({ inputs }: StateResource): string | undefined {
  const text = inputs?.["stdin"];
  return typeof text === "string" ? readStepInput(text)?.machine : undefined;
}

/** The output `vteps` of an underlay; undefined when the stack does not exist or is empty. */
async function vtepsOf(context: Context, underlay: string): Promise<Partial<VtepsOutput> | undefined> {
  const { code, stdout, stderr } = await pulumi(context, ["stack", "output", "--json", "--stack", underlay]);
  if (code !== 0 && !/no stack named/i.test(stderr))
    throw new Fault(Exit.failed, `pulumi stack output:\n${stderr.trim()}`);
  const outputs = (code === 0 ? JSON.parse(stdout) : {}) as Record<string, Partial<VtepsOutput> | null>;
  return outputs[VTEPS_OUTPUT] ?? undefined;
}

/** Undefined when the output has another schema: then the machines are unknown. */
function machinesIn({ schema, hosts = {} }: Partial<VtepsOutput>): Set<string> | undefined {
  if (schema !== VTEPS_SCHEMA) return undefined;
  return new Set(Object.values(hosts).map(({ machine }) => machine));
}
