/** The lab of a stack, out of its state: the CLI's one reader of the stack output `lab`. Pure. */
import { LAB_OUTPUT, LAB_SCHEMA } from "../../plan/contract";
import type { LabOutput } from "../../plan/contract";
import { readLab } from "../../plan/published-lab";
import { Exit, Fault } from "../exit";
import { isObject, resourcesOf } from "./export";

const STACK = "pulumi:pulumi:Stack";
const UNDERLAY = "vxlab:index:VxlanUnderlay";

/**
 * The lab of a stack: nothing of it is a secret.
 *
 * @param stack its name, for what is said when there is no lab in it
 */
export function labOfState(state: unknown, stack: string): LabOutput {
  const resources = resourcesOf(state);
  const lab = resources.find(({ type }) => type === STACK)?.outputs?.[LAB_OUTPUT];
  if (!isObject(lab))
    throw resources.some(({ type }) => type === UNDERLAY) ? onlyMachines(stack) : noLab(stack);
  const known = readLab(lab);
  if (known === undefined) {
    const cure = "run ./vxlab up, or the vxlab that deployed it";
    throw new Fault(
      Exit.missing,
      `the lab of stack ${stack} has schema ${String(lab.schema)}, and this vxlab reads ${LAB_SCHEMA}: ${cure}`,
    );
  }
  return known;
}

export function noLab(stack: string): Fault {
  return new Fault(Exit.missing, `there is no lab in stack ${stack}: run ./vxlab up first`);
}

function onlyMachines(stack: string): Fault {
  const cure = "name the overlay stack that uses it: -s OVERLAY";
  return new Fault(Exit.usage, `stack ${stack} is an underlay, which has machines only: ${cure}`);
}
