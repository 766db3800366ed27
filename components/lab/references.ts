/** The only file that reads other stacks. It is exported for users' own overlay programs. */
import * as pulumi from "@pulumi/pulumi";
import { ContractError, noStack, readVteps } from "../../plan/read-vteps";
import {
  LOGIN_OUTPUT,
  LoginOutput,
  TUNNEL_KEYS_OUTPUT,
  TunnelKeysOutput,
  VTEPS_OUTPUT,
  VtepsOutput,
} from "../../plan/vteps";

/**
 * An underlay stack that is up.
 *
 * @example
 * ```ts
 * const own: UnderlayStack = await ownUnderlay("organization/underlay/a");
 * const vtep = own.vteps.hosts["a1"]?.address;
 * ```
 */
export interface UnderlayStack {
  stack: string;
  vteps: VtepsOutput;
  /** Undefined when this stack has not the passphrase that the other's secrets are encrypted with. */
  login: pulumi.Output<LoginOutput> | undefined;
  /** Private keys of its encrypted tunnels. Undefined as above, and when no host encrypts. */
  tunnelKeys?: pulumi.Output<TunnelKeysOutput>;
}

/** An underlay stack, or why it cannot be read. */
type UnderlayLookup = { found: UnderlayStack; absent?: undefined } | { found?: undefined; absent: string };

/**
 * Reads an underlay stack's outputs as they were last deployed.
 *
 * @param stack `stack`, or `organization/project/stack`
 * @throws ContractError when it exists and has another version of the contract
 */
async function readUnderlay(stack: string): Promise<UnderlayLookup> {
  // A StackReference to a stack that is not there fails the whole program, and nothing can catch it (pulumi/pulumi#2407).
  if (!(await exists(stack))) return { absent: noStack(stack) };
  const reference = new pulumi.StackReference(stack);
  const told = await reference.getOutputDetails(VTEPS_OUTPUT);
  const finding = readVteps(stack, { [VTEPS_OUTPUT]: told.value as unknown });
  if (finding.absent !== undefined) return { absent: finding.absent };
  const keys = await reference.getOutputDetails(LOGIN_OUTPUT);
  const login = hasKeys(keys.secretValue, finding.vteps) ? reference.getOutput(LOGIN_OUTPUT) : undefined;
  const found = { stack, vteps: finding.vteps, login: login as UnderlayStack["login"] };
  return { found: { ...found, ...tunnelKeys(reference, finding.vteps) } };
}

/** The output is missing where the underlay's program does not export it: the overlay says so (tunnelKeyOf). */
function tunnelKeys(
  reference: pulumi.StackReference,
  { hosts }: VtepsOutput,
): Pick<UnderlayStack, "tunnelKeys"> {
  if (Object.values(hosts).every(({ encryption }) => encryption === undefined)) return {};
  const keys = reference.getOutput(TUNNEL_KEYS_OUTPUT) as pulumi.Output<TunnelKeysOutput | undefined>;
  return { tunnelKeys: keys.apply((known) => known ?? {}) };
}

/** What cannot be decrypted is an empty object (pkg/backend/secrets.go). */
function hasKeys(login: unknown, { hosts }: VtepsOutput): boolean {
  const keys = (login ?? {}) as Partial<LoginOutput>;
  return login !== undefined && Object.keys(hosts).every((host) => keys[host] !== undefined);
}

/**
 * The underlay stack of an overlay. Without it nothing can be deployed, and what is deployed must not be deleted as unwanted.
 *
 * @param stack `stack`, or `organization/project/stack`
 * @throws ContractError when it is not deployed, has another version of the contract, or its login keys cannot be read
 * @example
 * ```ts
 * const { vteps, login } = await ownUnderlay("organization/underlay/a");
 * ```
 */
export async function ownUnderlay(
  stack: string,
): Promise<UnderlayStack & { login: pulumi.Output<LoginOutput> }> {
  const { found, absent } = await readUnderlay(stack);
  if (found === undefined) {
    throw new ContractError(
      `The overlay's own underlay is not deployed: ${absent}. Nothing was changed. First ${upCommand(stack)}.`,
    );
  }
  const { login } = found;
  if (login !== undefined) return { ...found, login };
  throw new ContractError(
    `The keys to the hosts of ${stack} cannot be read. Nothing was changed. Give the overlay and its underlay the ` +
      "same passphrase (or secrets provider).",
  );
}

/**
 * The other owners' underlay stacks that are deployed. For each of the others there is a warning; the next `up` here after theirs makes the
 * tunnels.
 *
 * @param stacks each `stack`, or `organization/project/stack`
 * @throws ContractError when one has another version of the contract
 * @example
 * ```ts
 * const peers = await peerUnderlays(["organization/underlay/b"]);
 * ```
 */
export async function peerUnderlays(
  stacks: readonly string[],
): Promise<Omit<UnderlayStack, "login" | "tunnelKeys">[]> {
  const lookups = await Promise.all(stacks.map((stack) => readUnderlay(stack)));
  for (const { absent } of lookups) if (absent !== undefined) await pulumi.log.warn(withoutPeer(absent));
  // Without the keys: an overlay does not log in to a peer's hosts.
  return lookups.flatMap(({ found }) =>
    found === undefined ? [] : [{ stack: found.stack, vteps: found.vteps }],
  );
}

function withoutPeer(absent: string): string {
  return (
    `No tunnels to a peer: ${absent}. Everything else is deployed. ` +
    "Run `up` here again after the peer's owner has deployed it, or remove it from vxlab:peers."
  );
}

/** For a stack of another project, only its owner knows how it is deployed. */
const upCommand = (stack: string): string =>
  stack.includes("/") ? `run up in ${stack}` : `run ./vxlab up -s ${stack}`;

/** The function behind StackReference (pkg/resource/deploy/builtins.go): called directly, its failure is an error that can be caught. */
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
