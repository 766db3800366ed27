/** Reads the VTEPs of another stack (vteps.ts), which may be of another version of vxlab, or not of vxlab at all. */
import * as z from "zod";
import { literalFamily } from "./addresses";
import { IpFamily } from "./net/family";
import { readSubnet } from "./read-address";
import {
  ENCRYPTED_VTEPS_SCHEMA,
  LOGIN_OUTPUT,
  LoginOutput,
  TUNNEL_KEYS_OUTPUT,
  TunnelKeysOutput,
  VTEPS_OUTPUT,
  VTEPS_SCHEMA,
  VtepsOutput,
} from "./vteps";

/** An underlay stack's VTEPs, or why there are none. */
export type Finding =
  { readonly vteps: VtepsOutput; readonly absent?: undefined } | { readonly absent: string };

/** What is said of a stack that does not exist. */
export const noStack = (stack: string): string => `there is no stack ${stack}`;

/**
 * Thrown when an underlay stack's outputs cannot be used: continuing without them would cut working tunnels.
 *
 * @example
 * ```ts
 * try {
 *   readVteps("organization/underlay/a", { vteps: { schema: 9 } });
 * } catch (error) {
 *   if (error instanceof ContractError) console.error(error.message);
 * }
 * ```
 */
export class ContractError extends Error {
  override readonly name = "ContractError";
  /** As in errors.ts: Pulumi prints the message alone. */
  readonly __pulumiRunError = true;
}

const address = z.string().refine((text) => literalFamily(text) !== undefined, "is not an IP address");
const address4 = z.string().refine((text) => literalFamily(text) === IpFamily.V4, "is not an IPv4 address");
/** 32 bytes in base64. */
const publicKey = z.string().regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, "is not a key of WireGuard");
const udpPort = z.int().min(1).max(65535);
const network = z.string().refine((text) => readSubnet(text).fault === undefined, "is not an IP network");
/** Versions of the contract. */
const READABLE = [VTEPS_SCHEMA, ENCRYPTED_VTEPS_SCHEMA];
const vteps: z.ZodType<VtepsOutput> = z.object({
  schema: z.literal(READABLE),
  hosts: z.record(
    z.string(),
    z.object({
      address,
      mtu: z.int().positive(),
      hostKey: z.string().min(1),
      machine: z.string(),
      ssh: z.object({ address: z.string().min(1), port: z.int().positive(), user: z.string().min(1) }),
      encryption: z.object({ address: address4, publicKey, port: udpPort }).optional(),
    }),
  ),
  networks: z.array(network).optional(),
  evpn: z.object({ as: z.int().positive(), reflectors: z.array(z.string()).min(1) }).optional(),
});

/**
 * Checks a stack's output `vteps`.
 *
 * @param stack its name, as it was asked for
 * @param outputs undefined when there is no such stack
 * @throws ContractError when its outputs have another version of the contract, or an unreadable one
 * @example
 * ```ts
 * const found = readVteps("organization/underlay/a", { vteps: { schema: 1, hosts: {} } });
 * const names = found.absent === undefined ? Object.keys(found.vteps.hosts) : [];
 * ```
 */
export function readVteps(stack: string, outputs: Readonly<Record<string, unknown>> | undefined): Finding {
  if (outputs === undefined) return { absent: noStack(stack) };
  const given = outputs[VTEPS_OUTPUT];
  if (given === undefined || given === null) {
    const lacks = `the stack ${stack} has no output "${VTEPS_OUTPUT}"`;
    return { absent: `${lacks}: it is not deployed yet, was destroyed, or is not an underlay` };
  }
  const schema = (given as { schema?: unknown }).schema;
  if (!READABLE.some((one) => one === schema)) throw new ContractError(otherVersion(stack, schema));
  const read = vteps.safeParse(given);
  if (read.success) return { vteps: read.data };
  const [issue] = read.error.issues;
  const where = [VTEPS_OUTPUT, ...(issue?.path ?? [])].map(String).join(".");
  throw new ContractError(
    `The output ${where} of the stack ${stack} cannot be used: ${issue?.message}. Nothing was changed; ` +
      `run ./vxlab up -s ${stack} to write it again.`,
  );
}

/**
 * The key by which an overlay reaches one of its hosts.
 *
 * @throws ContractError when `login` has none, since it belongs to another underlay than the hosts
 */
export function privateKeyOf(login: LoginOutput, host: string, stack: string): string {
  const key = login[host];
  if (key !== undefined) return key;
  throw new ContractError(
    `"login" has no private key for the host ${host}. Nothing was changed: pass the output "${LOGIN_OUTPUT}" of the stack ${stack}.`,
  );
}

/**
 * The key of WireGuard of one of the overlay's hosts.
 *
 * @throws ContractError when there is none: the hosts encrypt, and the overlay has not received the keys
 */
export function tunnelKeyOf(keys: TunnelKeysOutput, host: string, stack: string): string {
  const key = keys[host];
  if (key !== undefined) return key;
  throw new ContractError(
    `"${TUNNEL_KEYS_OUTPUT}" has no private key for the host ${host}, which encrypts its tunnels. Nothing was changed: ` +
      `pass the output "${TUNNEL_KEYS_OUTPUT}" of the stack ${stack}, and export it there.`,
  );
}

function otherVersion(stack: string, schema: unknown): string {
  const newer = typeof schema === "number" && schema > ENCRYPTED_VTEPS_SCHEMA;
  const cure = newer
    ? `use the newer vxlab for this stack too, or remove ${stack} from its settings`
    : `run ./vxlab up -s ${stack} with this vxlab to write it again`;
  return (
    `The output "${VTEPS_OUTPUT}" of the stack ${stack} has version ${JSON.stringify(schema)}, and this vxlab reads ` +
    `versions up to ${ENCRYPTED_VTEPS_SCHEMA}. Nothing was changed: ${cure}.`
  );
}
