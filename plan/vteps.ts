/**
 * What an underlay stack tells other stacks, a public contract like `lab` (contract.ts): where its VTEPs are, and to its
 * owner's overlay alone how to log in. A change that a reader could trip over raises `schema`.
 */
import { Address4, Address6 } from "ip-address";
import * as z from "zod";

/** Name of the stack output that everybody may read. */
export const VTEPS_OUTPUT = "vteps";

/** Version of this contract. */
export const VTEPS_SCHEMA = 1;

/** Name of the secret stack output: a private key for each host, by its name. */
export const LOGIN_OUTPUT = "login";

export interface VtepsOutput {
  schema: number;
  /** By host name. */
  hosts: Record<string, VtepOutput>;
}

export interface VtepOutput {
  /** The host's underlay address, a literal. */
  address: string;
  /** Largest IP packet of the underlay that it is on, bytes. */
  mtu: number;
  /** Public SSH host key, one authorized_keys line. */
  hostKey: string;
  /** Another text as soon as the machine is another: whatever was on it has to be put there again. */
  machine: string;
  ssh: VtepSshOutput;
}

/** Where SSH answers, and as whom. */
export interface VtepSshOutput {
  address: string;
  port: number;
  user: string;
}

/** OpenSSH private keys, by host name. */
export type LoginOutput = Record<string, string>;

/** What came of looking at an underlay stack: its VTEPs, or why there are none to speak of. */
export type Finding =
  { readonly vteps: VtepsOutput; readonly absent?: undefined } | { readonly absent: string };

/** An underlay stack's outputs cannot be used, and going on without them would cut tunnels that work. */
export class ContractError extends Error {
  override readonly name = "ContractError";
  /** As in errors.ts: Pulumi prints the message alone. */
  readonly __pulumiRunError = true;
}

const address = z.string().refine((text) => familyOf(text) !== undefined, "is no IP address");
const vteps: z.ZodType<VtepsOutput> = z.object({
  schema: z.literal(VTEPS_SCHEMA),
  hosts: z.record(
    z.string(),
    z.object({
      address,
      mtu: z.int().positive(),
      hostKey: z.string().min(1),
      machine: z.string(),
      ssh: z.object({ address: z.string().min(1), port: z.int().positive(), user: z.string().min(1) }),
    }),
  ),
});

/** 4 or 6; undefined for what is no address. */
export function familyOf(text: string): 4 | 6 | undefined {
  if (Address4.isValid(text)) return 4;
  return Address6.isValid(text) ? 6 : undefined;
}

/**
 * Judges what a stack has for an output `vteps`.
 *
 * @param stack its name, as it was asked for
 * @param outputs undefined when there is no such stack
 * @throws ContractError when it speaks another version of the contract, or none that can be understood
 */
export function readVteps(stack: string, outputs: Readonly<Record<string, unknown>> | undefined): Finding {
  if (outputs === undefined) return { absent: `there is no stack ${stack}` };
  const given = outputs[VTEPS_OUTPUT];
  if (given === undefined || given === null) {
    const lacks = `the stack ${stack} has no output "${VTEPS_OUTPUT}"`;
    return { absent: `${lacks}: it is not up yet, was destroyed, or is no underlay` };
  }
  const schema = (given as { schema?: unknown }).schema;
  if (schema !== VTEPS_SCHEMA) throw new ContractError(otherVersion(stack, schema));
  const read = vteps.safeParse(given);
  if (read.success) return { vteps: read.data };
  const [issue] = read.error.issues;
  const where = [VTEPS_OUTPUT, ...(issue?.path ?? [])].map(String).join(".");
  throw new ContractError(
    `The stack ${stack} tells ${where} in a form that cannot be used: ${issue?.message}. Nothing was changed; ` +
      `run ./vxlab up -s ${stack}, which writes it anew.`,
  );
}

function otherVersion(stack: string, schema: unknown): string {
  const newer = typeof schema === "number" && schema > VTEPS_SCHEMA;
  const cure = newer
    ? `use the newer vxlab for this stack too, or take ${stack} out of its settings`
    : `run ./vxlab up -s ${stack} with this vxlab, which writes it anew`;
  return (
    `The stack ${stack} speaks version ${JSON.stringify(schema)} of the contract "${VTEPS_OUTPUT}", this vxlab ` +
    `version ${VTEPS_SCHEMA}. Nothing was changed: ${cure}.`
  );
}
