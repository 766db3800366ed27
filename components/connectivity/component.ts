import * as pulumi from "@pulumi/pulumi";
import { inside } from "../guest-step";
import { MovableArgs, placeOf } from "../host/context.component";
import { token } from "../naming";
import { ConnectivityKind } from "./spec";
import { connectivityStep } from "./step.component";
import { connectivityState } from "./state";

/**
 * A check as a program asks for it.
 *
 * @example
 * ```ts
 * const args: ConnectivityArgs = { host: kvm1, from: "c1", to: "10.0.3.11", kind: ConnectivityKind.Tcp, port: 22 };
 * ```
 */
export interface ConnectivityArgs extends MovableArgs {
  /** Name of the check, for messages. @default the resource's name */
  check?: pulumi.Input<string>;
  /** Name of the container that asks; it is on `host`. */
  from: pulumi.Input<string>;
  /** The IPv4 or IPv6 address that is asked, without prefix length. */
  to: pulumi.Input<string>;
  /** Who has that address, for messages. @default none */
  target?: pulumi.Input<string>;
  /** How it is tried. @default ConnectivityKind.Ping */
  kind?: pulumi.Input<ConnectivityKind>;
  /** TCP port; ConnectivityKind.Tcp needs it. @default 80 with ConnectivityKind.Http */
  port?: pulumi.Input<number>;
  /** Path of the request, with ConnectivityKind.Http. @default "/" */
  path?: pulumi.Input<string>;
  /** Rate per second such as `5mbit`; ConnectivityKind.Throughput needs it. @default none */
  atLeast?: pulumi.Input<string>;
  /** Whether the address must be reached; false: it must not. @default true */
  reach?: pulumi.Input<boolean>;
  /** How long it is tried again until it holds, seconds. @default 30 */
  within?: pulumi.Input<number>;
  /** Strings such as hashes of what is between the two ends: when one changes, the check runs again. @default none */
  crosses?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * Fails the deployment unless a container reaches an address, or, with `reach: false`, if it does. It changes nothing. Whatever takes
 * `seen` as an input, or depends on the check, waits for it.
 *
 * @example
 * ```ts
 * const web = { host: kvm1, from: "c1", to: "10.0.3.11", kind: ConnectivityKind.Http, port: 8080 };
 * new Connectivity("web", web, { dependsOn: [c1, c2] });
 * ```
 */
export class Connectivity extends pulumi.ComponentResource {
  /** What was seen, in words. */
  public readonly seen: pulumi.Output<string>;

  constructor(name: string, args: ConnectivityArgs, opts?: pulumi.ComponentResourceOptions) {
    const { opts: placed, shown, ...place } = placeOf("Connectivity", name, args, opts);
    super(token("Connectivity"), name, shown, placed);
    const { labId: lab, check = name } = shown;
    const state = pulumi.output({ ...shown, name: check }).apply(connectivityState);
    const step = connectivityStep(name, { ...place, lab, state }, inside(this, placed));
    this.seen = step.stdout.apply(seenIn);
    this.registerOutputs({ seen: this.seen });
  }
}

/** The answer of `guest check`. */
function seenIn(answer: string): string {
  return (JSON.parse(answer) as { seen: string }).seen;
}
