/**
 * An overlay's steps on machines that its underlay has no more. Their `remove` would ask a machine that cannot answer, for
 * minutes, and fail: what was on the machine went with it, so the state forgets them. An existing host never goes like that.
 */
import type { Context } from "../command";
import { EXISTING_MACHINE, VTEPS_OUTPUT, VTEPS_SCHEMA } from "../../plan/vteps";
import type { VtepsOutput } from "../../plan/vteps";
import { pulumi } from "./engine";
import { Exit, Fault } from "../exit";
import { resources } from "../state/stack";
import type { StateResource } from "../state/stack";

const OVERLAY = "vxlab:index:VxlanOverlay";
const STEP = "command:remote:Command";

/**
 * Makes an overlay stack's state forget what went with its machines; a stack of another kind is left alone.
 *
 * @param withoutUnderlay the machines to count on when the underlay is not up. @default nothing is forgotten then: the
 * program refuses to go on (components/lab/references.ts), so the next one may need it all
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
  context.out.line(`gone with their machines, so forgotten in ${stack}: ${names}`);
  for (const urn of lost) {
    const words = ["state", "delete", urn, "--yes", "--target-dependents", "--stack", stack];
    const { code, stderr } = await pulumi(context, words);
    // One that depended on another is gone already.
    if (code !== 0 && !/No such resource/i.test(stderr))
      throw new Fault(Exit.failed, `pulumi state delete ${urn}:\n${stderr.trim()}`);
  }
}

/** The stack that an overlay stands on, as its state has it; undefined when the state is no overlay's. */
export function underlayOf(all: readonly StateResource[]): string | undefined {
  const overlay = all.find(({ type }) => type === OVERLAY);
  const { stack } = (overlay?.inputs?.["underlay"] ?? {}) as { stack?: unknown };
  return typeof stack === "string" ? stack : undefined;
}

/** URNs of the steps on machines that are not among `machines`. On an existing host they have to be taken back. */
export function lostSteps(all: readonly StateResource[], machines: ReadonlySet<string>): string[] {
  return all
    .filter(({ type }) => type === STEP)
    .filter((step) => {
      const machine = machineOf(step);
      return machine !== undefined && machine !== EXISTING_MACHINE && !machines.has(machine);
    })
    .map(({ urn }) => urn);
}

function machineOf({ inputs }: StateResource): string | undefined {
  const text = inputs?.["stdin"];
  if (typeof text !== "string") return undefined;
  const { machine } = JSON.parse(text) as { machine?: unknown };
  return typeof machine === "string" ? machine : undefined;
}

/** What an underlay tells; undefined when there is no such stack, or nothing in it any more. */
async function vtepsOf(context: Context, underlay: string): Promise<Partial<VtepsOutput> | undefined> {
  const { code, stdout, stderr } = await pulumi(context, ["stack", "output", "--json", "--stack", underlay]);
  if (code !== 0 && !/no stack named/i.test(stderr))
    throw new Fault(Exit.failed, `pulumi stack output:\n${stderr.trim()}`);
  const outputs = (code === 0 ? JSON.parse(stdout) : {}) as Record<string, Partial<VtepsOutput> | null>;
  return outputs[VTEPS_OUTPUT] ?? undefined;
}

/** Undefined when it is told in another version of the contract: there are machines, and nothing is known of them. */
function machinesIn({ schema, hosts = {} }: Partial<VtepsOutput>): Set<string> | undefined {
  if (schema !== VTEPS_SCHEMA) return undefined;
  return new Set(Object.values(hosts).map(({ machine }) => machine));
}
