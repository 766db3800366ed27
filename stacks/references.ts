/** The only place that reads other stacks. */
import * as pulumi from "@pulumi/pulumi";
import { ContractError, readVteps } from "../plan/read-vteps";
import { LOGIN_OUTPUT, LoginOutput, VTEPS_OUTPUT, VtepsOutput } from "../plan/vteps";

/** An underlay stack that is up. */
export interface UnderlayStack {
  stack: string;
  vteps: VtepsOutput;
  /** Undefined when this stack has not the passphrase that the other's secrets are encrypted with. */
  login: pulumi.Output<LoginOutput> | undefined;
}

/** An underlay stack, or why there is nothing to know of it. */
export type Looked = { found: UnderlayStack; absent?: undefined } | { found?: undefined; absent: string };

/**
 * Reads an underlay stack's outputs as they were last deployed.
 *
 * @param stack `stack`, or `organization/project/stack`
 * @throws ContractError when it is there and speaks another version of the contract
 */
export async function readUnderlay(stack: string): Promise<Looked> {
  // A StackReference to a stack that is not there fails the whole program, and nothing can catch it (pulumi/pulumi#2407).
  if (!(await exists(stack))) return { absent: absence(readVteps(stack, undefined)) };
  const reference = new pulumi.StackReference(stack);
  const told = await reference.getOutputDetails(VTEPS_OUTPUT);
  const finding = readVteps(stack, { [VTEPS_OUTPUT]: told.value as unknown });
  if (finding.absent !== undefined) return { absent: finding.absent };
  const keys = await reference.getOutputDetails(LOGIN_OUTPUT);
  const login = keys.secretValue === undefined ? undefined : reference.getOutput(LOGIN_OUTPUT);
  return { found: { stack, vteps: finding.vteps, login: login as UnderlayStack["login"] } };
}

/** The function behind StackReference (pkg/resource/deploy/builtins.go): asked for itself, its refusal is an error like any. */
async function exists(stack: string): Promise<boolean> {
  try {
    await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name: stack });
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/unknown stack|no stack named|not found/i.test(message)) return false;
    throw new ContractError(`The stack ${stack} cannot be read: ${message}`);
  }
}

function absence({ absent }: ReturnType<typeof readVteps>): string {
  return absent ?? "";
}
