/**
 * One converging step on a host. Beside the check of existing hosts, the only user of `command.remote.Command`.
 *
 * Desired state is sent as JSON on stdin (guest/protocol.ts), so that no script contains a value. `update` runs the
 * same verb as `create`; nothing replaces a step but another host or another machine. A preview shows what changes in the component's
 * own inputs, and not once more in stdin.
 */
import { createHash } from "node:crypto";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { firstStepInput, PROTOCOL, stepInput } from "../guest/protocol";
import type { Envelope, StepSecrets } from "../guest/protocol";
import { command as guestCommand, guestTools, INSTALL_AND_APPLY } from "../guest/render";
import type { States, StepKind } from "../guest/things";
import { child } from "./naming";
import { repairOf } from "./repair";
import { STACK } from "../plan/settings";
import { EXISTING } from "./host/spec";
import { optional } from "./optional";

/**
 * How a host is reached. Nothing is sent before the host key is verified.
 *
 * @example
 * ```ts
 * const host: HostConnectionArgs = { address: "192.168.10.5", hostKey: "ssh-ed25519 AAAA…", privateKey: "…" };
 * ```
 */
export interface HostConnectionArgs {
  /** Underlay address. */
  address: pulumi.Input<string>;
  /** TCP port of SSH. @default 22 */
  port?: pulumi.Input<number>;
  /** Needs root's rights (uid 0). @default "root" */
  user?: pulumi.Input<string>;
  /** The host's public SSH key, one authorized_keys line. */
  hostKey: pulumi.Input<string>;
  /** Private key that may log in; kept as a secret. */
  privateKey: pulumi.Input<string>;
  /** Longest wait for SSH to answer, seconds. @default 600 */
  bootTimeout?: pulumi.Input<number>;
  /**
   * A text that differs for each machine of this host: when it changes, every step runs again. It is read only if the connection is not an
   * output as a whole: an unknown part of it must not hide a step's desired state in a preview. @default `deletedWith` does it
   */
  incarnation?: pulumi.Input<string>;
  /** The lab's id, for what is put on the host. @default whatever is put there has its own `labId` */
  labId?: pulumi.Input<string>;
  /** Its VTEP, where that is not the address of SSH. @default `address` */
  vtep?: pulumi.Input<string>;
}

/** A host's first step. */
export interface FirstStepArgs {
  host: pulumi.Input<HostConnectionArgs>;
  /** The lab's id. */
  lab: pulumi.Input<string>;
  state: pulumi.Input<States["bridge"]>;
}

export interface GuestStepArgs<Kind extends StepKind> {
  host: pulumi.Input<HostConnectionArgs>;
  /** With another one the step is replaced. @default the host's key */
  hostName?: pulumi.Input<string>;
  kind: Kind;
  /** The lab's id. */
  lab: pulumi.Input<string>;
  state: pulumi.Input<States[Kind]>;
  /** With them the whole of stdin is a secret. @default none */
  secrets?: pulumi.Input<StepSecrets | undefined>;
}

const GUEST = "/usr/lib/vxlab/guest";
/** Seconds that one attempt to connect may take. */
const DIAL_SECONDS = 5;
/** Attempts of a step on a host that has answered before: about two minutes. */
const DIALS_LATER = 24;

/** Installs the guest tools, applies a bridge, and waits for a machine that still boots. */
export function firstStep(
  name: string,
  { host, lab, state }: FirstStepArgs,
  opts: pulumi.CustomResourceOptions,
): command.remote.Command {
  const envelope = envelopeOf<"bridge">(name, host, lab, state);
  return step(
    name,
    {
      connection: connection(host, bootDials),
      create: INSTALL_AND_APPLY,
      // A recreated machine has no tools yet, and nothing to remove.
      delete: `test ! -e ${GUEST} || ${guestCommand("remove", "bridge")}`,
      stdin: envelope.apply((desired) => firstStepInput(desired, guestTools().packed)),
    },
    { ...opts, hideDiffs: ["create", "update"] },
  );
}

export function guestStep<Kind extends StepKind>(
  name: string,
  { host, hostName, kind, lab, state, secrets }: GuestStepArgs<Kind>,
  opts: pulumi.CustomResourceOptions,
): command.remote.Command {
  const envelope = envelopeOf(name, host, lab, state);
  const hidden = secrets === undefined ? undefined : pulumi.secret(secrets);
  const stdin = pulumi.all([envelope, hidden]).apply(([desired, known]) => stepInput(desired, known));
  if (opts.parent !== undefined) sent.set(opts.parent, stdin);
  return step(
    name,
    {
      connection: connection(host, dialsLater),
      create: guestCommand("apply", kind),
      delete: guestCommand("remove", kind),
      stdin,
    },
    { ...opts, replacementTrigger: hostIdentity(host, hostName) },
  );
}

/** What each component's step sends to the host. */
const sent = new WeakMap<pulumi.Resource, pulumi.Output<string>>();

/**
 * A digest that changes when a thing's step must do something else; undefined for a thing without a step of its own. Secret if the step has
 * secrets.
 */
export function stepDigest(component: pulumi.Resource): pulumi.Output<string> | undefined {
  return sent.get(component)?.apply((stdin) => createHash("sha256").update(stdin).digest("hex").slice(0, 16));
}

function envelopeOf<Kind extends StepKind>(
  id: string,
  host: pulumi.Input<HostConnectionArgs>,
  lab: pulumi.Input<string>,
  state: pulumi.Input<States[Kind]>,
): pulumi.Output<Envelope<Kind>> {
  const parts = pulumi.all([lab, incarnationOf(host), repairOf(id), pulumi.output(state)]);
  return parts.apply(([known, machine, repair, desired]): Envelope<Kind> => ({
    ...{ v: PROTOCOL, id, lab: known, machine, repair },
    state: desired as States[Kind],
  }));
}

export function step(
  name: string,
  args: command.remote.CommandArgs,
  { hideDiffs = [], ...opts }: pulumi.CustomResourceOptions,
): command.remote.Command {
  return new command.remote.Command(
    child(name, "step"),
    {
      ...args,
      update: args.create,
      triggers: machineId(opts),
      // Otherwise sshd needs AcceptEnv, and every update warns (pulumi/pulumi-command#584).
      addPreviousOutputInEnv: false,
      // A line over 64 KiB with logging on hangs the vendor's plugin.
      logging: command.remote.Logging.None,
    },
    { ...opts, hideDiffs: [...hideDiffs, "stdin", "triggers"] },
  );
}

/**
 * The machine that a resource is in, as an input. When the engine must delete a machine because something that it depends on is replaced
 * (network, seed, image), it finds further resources to delete by their inputs only; `replaceWith` counts only if the machine itself was
 * edited (pkg/resource/deploy/step_generator.go: calculateDependentReplacements; pulumi/pulumi#23818, not in 3.260). So a step is deleted
 * together with its machine, and its `delete` does not run on a machine that is gone, or on the machine that replaces it.
 */
export function machineId({ deletedWith }: pulumi.CustomResourceOptions): pulumi.Input<string>[] | undefined {
  if (!pulumi.CustomResource.isInstance(deletedWith)) return undefined;
  // A stand-in for another language's resource has none.
  const { id } = deletedWith as { id?: pulumi.Output<string> };
  return id === undefined ? undefined : [id];
}

/**
 * Identifies the host of a thing. When it changes, the step is replaced: its `delete` runs on the old host, by the connection in the state,
 * before the new host gets the thing. A host that was renumbered, reinstalled or recreated is the same host, and its steps are updated.
 *
 * It is a replacement trigger: if the state has none, the engine replaces nothing (step_generator.go: shouldTriggerReplace), so stacks
 * deployed without it are not affected.
 */
export function hostIdentity(
  host: pulumi.Input<HostConnectionArgs>,
  hostName: pulumi.Input<string> | undefined,
): pulumi.Input<string> {
  // Not a secret, though the login key beside it is.
  return hostName ?? pulumi.unsecret(pulumi.output(host).apply(({ hostKey }) => hostKey));
}

/** Distinguishes a host's machine from its previous ones, if the host gives that. Not a secret, though the login key beside it is. */
export function incarnationOf(host: pulumi.Input<HostConnectionArgs>): pulumi.Output<string | undefined> {
  return pulumi.unsecret(optional(host, "incarnation"));
}

type Dials = (host: pulumi.Unwrap<HostConnectionArgs>) => number;
/** A refused attempt is followed by a pause of five seconds at most. */
export const bootDials: Dials = ({ bootTimeout = STACK.bootTimeout.default }) =>
  Math.ceil(bootTimeout / DIAL_SECONDS);
const dialsLater: Dials = () => DIALS_LATER;

/** Field by field: an unknown field makes the engine print the whole connection (pulumi/pulumi-command#773). */
export function connection(
  to: pulumi.Input<HostConnectionArgs>,
  dials: Dials = dialsLater,
): pulumi.Output<command.types.input.remote.ConnectionArgs> {
  return pulumi.output(to).apply((host) => ({
    host: host.address,
    port: host.port ?? EXISTING.port.default,
    user: host.user ?? EXISTING.user.default,
    hostKey: host.hostKey,
    privateKey: host.privateKey,
    perDialTimeout: DIAL_SECONDS,
    dialErrorLimit: dials(host),
  }));
}

/**
 * Things inside a machine are deleted and created with it. The old step is deleted first: once the machine is created again, the engine
 * forgets that it was deleted (`sg.deletes` is unmarked), and an old step's `delete` would reach the new machine, which has the same
 * address. Before the new step it finds nothing to remove; after it, it would remove what the new step made.
 */
export function inside(
  self: pulumi.Resource,
  opts?: pulumi.ComponentResourceOptions,
): pulumi.CustomResourceOptions {
  const { deletedWith, replaceWith, dependsOn } = opts ?? {};
  // The SDK's own is triggers[*], which an unknown whole is not.
  return {
    parent: self,
    deletedWith,
    replaceWith,
    deleteBeforeReplace: true,
    replaceOnChanges: ["triggers"],
    ...(dependsOn === undefined ? {} : { dependsOn }),
  };
}
