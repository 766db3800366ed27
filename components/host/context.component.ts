/** Values that things on a host get from the host, so that a program need not repeat them. */
import * as pulumi from "@pulumi/pulumi";
import type { HostConnectionArgs } from "../guest-step";
import { token } from "../naming";
import { optional } from "../optional";
import { repairOf } from "../repair";

/**
 * Arguments of everything that is put on a host.
 *
 * @example
 * ```ts
 * const on: OnHostArgs = { host: kvm1 };
 * ```
 */
export interface OnHostArgs {
  /** A `KvmHost` or an `ExistingHost`; in other languages than TypeScript the output `connection` of one. */
  host: pulumi.Input<HostConnectionArgs>;
  /** The lab's id: marks what is put on the host. @default the host's */
  labId?: pulumi.Input<string>;
}

/**
 * Arguments of what can move to another host.
 *
 * @example
 * ```ts
 * const on: MovableArgs = { host: kvm1.connection, hostName: "kvm1", labId: "e0a1" };
 * ```
 */
export interface MovableArgs extends OnHostArgs {
  /**
   * Name of the host. If the name changes, the thing is removed from the old host and created on the new one.
   * @default the name of the `KvmHost` or `ExistingHost`. With a `connection` as `host`, hosts are told apart by their keys: a new
   * key on the same host counts as another host then
   */
  hostName?: pulumi.Input<string>;
}

/** A host as whatever is put on it sees it. */
export interface HostContext {
  connection: pulumi.Input<HostConnectionArgs>;
  hostName: pulumi.Input<string>;
  /** Undefined when the host was given none. */
  labId?: pulumi.Input<string>;
  /** Options for whatever is put on it. */
  inside: pulumi.ComponentResourceOptions;
}

/** Contexts by component. Not a field of the components: each field of a component is an output in every language. */
const contexts = new WeakMap<object, HostContext>();

export function setContext(host: object, context: HostContext): void {
  contexts.set(host, context);
}

/** Where a thing is put, and the arguments that its component shows. */
export interface Place<T extends MovableArgs> {
  host: pulumi.Input<HostConnectionArgs>;
  hostName?: pulumi.Input<string>;
  opts: pulumi.ComponentResourceOptions;
  /** Without the host, whose login key is a secret; its name says in a preview where the thing is. */
  shown: Omit<T, "host" | "hostName" | "labId"> & {
    hostName: pulumi.Input<string> | undefined;
    labId: pulumi.Input<string>;
    /** What was wrong on the host the last time its step ran to repair it. */
    repair: pulumi.Input<string | undefined>;
  };
}

/**
 * Completes a thing's arguments with values from its host. Explicit arguments override these.
 *
 * @param className of the component, for the error
 * @throws RunError when neither the thing nor its host has a lab's id
 */
export function placeOf<T extends MovableArgs>(
  className: string,
  name: string,
  args: T,
  opts: pulumi.ComponentResourceOptions = {},
): Place<T> {
  const { host, hostName, labId, ...rest } = args;
  const known = contexts.get(host);
  const fault = () => missing(className, name);
  const repair = repairOf(name);
  if (known === undefined)
    return {
      host,
      hostName,
      opts,
      shown: { ...rest, hostName, labId: labId ?? labIdOf(host, fault), repair },
    };
  const place = { host: known.connection, hostName: hostName ?? known.hostName };
  const shown = { ...rest, hostName: place.hostName, labId: labId ?? known.labId ?? fault(), repair };
  return { ...place, opts: { ...known.inside, ...opts }, shown };
}

function labIdOf(host: pulumi.Input<HostConnectionArgs>, fault: () => never): pulumi.Output<string> {
  // Not a secret, though the login key beside it is.
  return pulumi.unsecret(optional(host, "labId")).apply((labId) => labId ?? fault());
}

function missing(className: string, name: string): never {
  throw new pulumi.RunError(
    `${token(className)} ${name} has no labId, and its host has none. Set labId on one of them.`,
  );
}

/** The VTEP of a host: where SSH answers, unless the host is an `ExistingHost` that says otherwise. */
export function vtepOf(host: pulumi.Input<HostConnectionArgs>): pulumi.Input<string> {
  // An ExistingHost's own address is its VTEP, its connection's is where SSH answers.
  if (contexts.has(host)) return (host as HostConnectionArgs).address;
  const parts = pulumi.all([optional(host, "vtep"), pulumi.output(host).address]);
  return pulumi.unsecret(parts).apply(([vtep, address]) => vtep ?? address);
}
