/** The lab of a stack, from its state: the only reader of the stack output `lab` in the CLI. Pure. */
import { LAB_OUTPUT, LAB_SCHEMA } from "../../plan/contract";
import type { LabOutput } from "../../plan/contract";
import { readLab } from "../../plan/published-lab";
import { Exit, Fault } from "../exit";
import { isObject, resourcesOf } from "./export";

const STACK = "pulumi:pulumi:Stack";
const LABS = ["vxlab:index:VxlanLab", "vxlab:index:VxlanOverlay"];
const UNDERLAY = "vxlab:index:VxlanUnderlay";

/**
 * The lab of a stack, without secrets.
 *
 * @param stack its name, for the error when it has no lab
 * @param plain the program is the user's own: it may have no output `lab`, and then has one lab
 */
export function labOfState(state: unknown, stack: string, plain = false): LabOutput {
  const resources = resourcesOf(state);
  const output = resources.find(({ type }) => type === STACK)?.outputs?.[LAB_OUTPUT];
  const labs = resources
    .filter(({ type }) => LABS.includes(type))
    .map(({ outputs }) => outputs?.[LAB_OUTPUT]);
  if (plain && !isObject(output) && labs.length > 1)
    throw new Fault(
      Exit.usage,
      `stack ${stack} has ${labs.length} labs: export the one that vxlab is to use, under the name lab`,
    );
  // The component's output is in the state even if a check has failed, for which the stack's output waits.
  const own = labs.length === 1 && isObject(labs[0]) ? labs[0] : undefined;
  const lab = own ?? output ?? (plain ? labs[0] : undefined);
  if (!isObject(lab))
    throw resources.some(({ type }) => type === UNDERLAY) ? onlyMachines(stack) : noLab(stack, plain);
  const known = readLab(lab);
  if (known === undefined) {
    const cure = "run ./vxlab up, or use the version of vxlab that deployed it";
    throw new Fault(
      Exit.missing,
      `the lab of stack ${stack} has schema ${String(lab.schema)}, and this vxlab reads ${LAB_SCHEMA}: ${cure}`,
    );
  }
  return known;
}

export function noLab(stack: string, plain = false): Fault {
  const up = plain ? "pulumi up" : "./vxlab up";
  return new Fault(Exit.missing, `there is no lab in stack ${stack}: run ${up} first`);
}

function onlyMachines(stack: string): Fault {
  const cure = "name the overlay stack that uses it: -s OVERLAY";
  return new Fault(Exit.usage, `stack ${stack} is an underlay, which has machines only: ${cure}`);
}
