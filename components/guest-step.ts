/**
 * One converging step on a host: the only user of `command.remote.Command`.
 *
 * Desired state travels as JSON on stdin, so that a preview shows it field by field, and a script never sees a value
 * in its own text. `update` runs the same verb as `create`; nothing replaces a step but another host or another machine.
 */
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import {
  CHECK_COMMAND,
  CHECK_HOST,
  INSTALL_AND_APPLY,
  StepKind,
  command as guestCommand,
} from "../guest/render";
import type { HostNeed } from "../plan/types";
import { child } from "./naming";
import { STACK } from "../plan/settings";
import { EXISTING } from "./host/spec";

/** How a host is reached. Nothing is sent before the host key is verified. */
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
   * Another text when the machine is another: every step then runs again. Read where the connection is no output as a
   * whole: an unknown part of it must not hide a step's desired state in a preview. @default `deletedWith` does it
   */
  incarnation?: pulumi.Input<string>;
  /** The lab's id, for what is put on the host. @default whatever is put there has its own `labId` */
  labId?: pulumi.Input<string>;
  /** Its VTEP, where that is not the address of SSH. @default `address` */
  vtep?: pulumi.Input<string>;
}

export interface GuestStepArgs {
  host: pulumi.Input<HostConnectionArgs>;
  /** With another one the step is replaced. @default the host's key */
  hostName?: pulumi.Input<string>;
  kind: StepKind;
  /** Desired state: what guest/<kind>.sh documents. With a secret in it the whole of stdin is one. */
  state: Record<string, pulumi.Input<unknown>>;
  /** The first step on a host installs the guest tools, and waits for a machine that still boots. */
  first?: boolean;
}

const GUEST = "/usr/lib/vxlab/guest";
/** Seconds that one attempt to connect may take. */
const DIAL_SECONDS = 5;
/** Attempts of a step on a host that has answered before: about two minutes. */
const DIALS_LATER = 24;

export function guestStep(
  name: string,
  args: GuestStepArgs,
  opts: pulumi.CustomResourceOptions,
): command.remote.Command {
  const stdin = pulumi
    .all([args.state, incarnationOf(args.host)])
    .apply(([state, machine]) => JSON.stringify({ id: name, machine, ...(state as object) }));
  const remove = guestCommand("remove", args.kind);
  const apply = args.first ? INSTALL_AND_APPLY : guestCommand("apply", args.kind);
  return new command.remote.Command(
    child(name, "step"),
    {
      connection: connection(args),
      create: apply,
      update: apply,
      // A machine that was made anew has no tools yet, and nothing to remove.
      delete: args.first ? `test ! -e ${GUEST} || ${remove}` : remove,
      stdin,
      triggers: machineId(opts),
      // Otherwise sshd needs AcceptEnv, and every update warns (pulumi/pulumi-command#584).
      addPreviousOutputInEnv: false,
      // A line over 64 KiB with logging on hangs the vendor's plugin.
      logging: command.remote.Logging.None,
    },
    // The tools' text would hide what changes; the component's own inputs say it.
    {
      ...opts,
      replacementTrigger: args.first ? undefined : hostIdentity(args.host, args.hostName),
      hideDiffs: args.first ? ["create", "update", "stdin", "triggers"] : ["triggers"],
    },
  );
}

/**
 * The machine that a resource is in, as an input: what the engine deletes because something under it goes (network, seed, image,
 * all before they are made again) it finds by inputs alone, and `replaceWith` only where the machine itself was edited
 * (pkg/resource/deploy/step_generator.go: calculateDependentReplacements; pulumi/pulumi#23818, not in 3.260). So a step goes
 * together with its machine, and nobody asks a machine that is gone, or its successor, to undo it.
 */
export function machineId({ deletedWith }: pulumi.CustomResourceOptions): pulumi.Input<string>[] | undefined {
  if (!pulumi.CustomResource.isInstance(deletedWith)) return undefined;
  // A stand-in for another language's resource has none.
  const { id } = deletedWith as { id?: pulumi.Output<string> };
  return id === undefined ? undefined : [id];
}

/**
 * What moves with a thing to another host. A step whose host is another one is replaced, so that its `delete` runs on the old host,
 * by the connection in the state, before the new host gets the thing. A host that was renumbered, reinstalled or made anew is the
 * same host: there the step converges.
 *
 * As a replacement trigger: the engine takes none in the state for "the same" (step_generator.go: shouldTriggerReplace), so a
 * stack that was deployed without replaces nothing.
 */
export function hostIdentity(
  host: pulumi.Input<HostConnectionArgs>,
  hostName: pulumi.Input<string> | undefined,
): pulumi.Input<string> {
  // Not a secret, though the login key beside it is.
  return hostName ?? pulumi.unsecret(pulumi.output(host).apply(({ hostKey }) => hostKey));
}

/** What tells one machine from the next, where a host says it. */
export function incarnationOf(host: pulumi.Input<HostConnectionArgs>): pulumi.Input<string | undefined> {
  return !pulumi.Output.isInstance(host) && "incarnation" in host ? host.incarnation : undefined;
}

/** What a host that exists already is asked for. */
export interface CheckArgs {
  vtep: pulumi.Input<string>;
  /** Largest IP packet that the VTEP's interface has to take, bytes. */
  mtu: pulumi.Input<number>;
  /** VTEPs that it has tunnels to. */
  peers: pulumi.Input<pulumi.Input<string>[]>;
  needs: pulumi.Input<pulumi.Input<HostNeed>[]>;
}

/** Asks a host that exists already whether it can hold a lab, and changes nothing there. */
export function checkStep(
  name: string,
  host: pulumi.Input<HostConnectionArgs>,
  { vtep, mtu, peers, needs }: CheckArgs,
  opts: pulumi.CustomResourceOptions,
): command.remote.Command {
  const asked = pulumi
    .all([mtu, vtep, needs, peers])
    .apply(([bytes, address, all, far]) => [bytes, address, ...all, ...far.map((peer) => `to:${peer}`)]);
  return new command.remote.Command(
    name,
    {
      connection: connection({ host, first: true }),
      // By stdin: an error shows the whole command.
      create: CHECK_COMMAND,
      update: CHECK_COMMAND,
      stdin: asked.apply((words) => `${words.join(" ")}\n${CHECK_HOST}`),
      addPreviousOutputInEnv: false,
      logging: command.remote.Logging.None,
    },
    // A script's text; the component's own inputs say what it is asked for.
    { ...opts, hideDiffs: ["create", "update", "stdin"] },
  );
}

/** Field by field: an unknown field makes the engine print the whole connection (pulumi/pulumi-command#773). */
export function connection(
  args: Pick<GuestStepArgs, "host" | "first">,
): pulumi.Output<command.types.input.remote.ConnectionArgs> {
  return pulumi.output(args.host).apply((host) => ({
    host: host.address,
    port: host.port ?? EXISTING.port.default,
    user: host.user ?? EXISTING.user.default,
    hostKey: host.hostKey,
    privateKey: host.privateKey,
    perDialTimeout: DIAL_SECONDS,
    // A refused attempt is followed by a pause of five seconds at most.
    dialErrorLimit: args.first
      ? Math.ceil((host.bootTimeout ?? STACK.bootTimeout.default) / DIAL_SECONDS)
      : DIALS_LATER,
  }));
}

/**
 * What lives inside a machine goes with it and comes back with it. First the old goes: the engine forgets that a machine was
 * deleted when it is made again (`sg.deletes` is unmarked), and an old step's `delete` would then reach the new machine
 * under the same address. Before the new step it finds nothing there; after it, it would take away what that one made.
 */
export function inside(
  self: pulumi.Resource,
  opts?: pulumi.ComponentResourceOptions,
): pulumi.CustomResourceOptions {
  const { deletedWith, replaceWith } = opts ?? {};
  // The SDK's own is triggers[*], which an unknown whole is not.
  return {
    parent: self,
    deletedWith,
    replaceWith,
    deleteBeforeReplace: true,
    replaceOnChanges: ["triggers"],
  };
}
