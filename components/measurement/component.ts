import * as pulumi from "@pulumi/pulumi";
import { connectivityStep } from "../connectivity/step.component";
import { MEASURE_VERB } from "../../guest/render";
import { inside } from "../guest-step";
import { MovableArgs, placeOf } from "../host/context.component";
import { token } from "../naming";
import { readMeasurement } from "./state";

/**
 * What is measured, and beside what.
 *
 * @example
 * ```ts
 * const args: OverlayCostArgs = { host: kvm1, from: "c1", to: "10.0.3.11", beside: "192.168.10.222" };
 * ```
 */
export interface OverlayCostArgs extends MovableArgs {
  /** Name of the container that asks; it is on `host`. */
  from: pulumi.Input<string>;
  /** The IPv4 or IPv6 address that answers, without prefix length: of a container on another host. */
  to: pulumi.Input<string>;
  /** Underlay address of that other host: the way that the overlay is compared with. */
  beside: pulumi.Input<string>;
  /** Strings such as settings: when one changes, it is measured again. @default none */
  again?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * What one path costs. What could not be measured is left out.
 *
 * @example
 * ```ts
 * const slower = (overlay: MeasuredWay, underlay: MeasuredWay) => (overlay.warm ?? 0) / (underlay.warm ?? 1);
 * ```
 */
export interface MeasuredWay {
  /** Of the interface that packets leave by, bytes. */
  mtu?: number;
  /** Median round trip to a neighbour whose MAC has to be asked for first, milliseconds. */
  cold?: number;
  /** Median round trip of questions in a row, milliseconds. */
  warm?: number;
  /** Bits a second: echo requests of full size, sixteen at a time. */
  throughput?: number;
}

/**
 * Measures what an overlay costs, once it is deployed: the way from a container to another host's beside the way between their hosts. It changes
 * nothing, and runs again when its arguments change. `./vxlab measure` does the same by hand, with TCP.
 *
 * @example
 * ```ts
 * const cost = new OverlayCost("cost", { host: kvm1, from: "c1", to: "10.0.3.11", beside: "192.168.10.222" }, { dependsOn: [c1, c2] });
 * const added = cost.overhead;
 * ```
 */
export class OverlayCost extends pulumi.ComponentResource {
  /** Bytes that are added to each packet; undefined when no packet was seen. */
  public readonly overhead: pulumi.Output<number | undefined>;
  /** Between the containers. */
  public readonly overlay: pulumi.Output<MeasuredWay>;
  /** Between their hosts. */
  public readonly underlay: pulumi.Output<MeasuredWay>;

  constructor(name: string, args: OverlayCostArgs, opts?: pulumi.ComponentResourceOptions) {
    const { opts: placed, shown, ...place } = placeOf("OverlayCost", name, args, opts);
    super(token("OverlayCost"), name, shown, placed);
    const { labId: lab, from, to, beside, again } = shown;
    const state = pulumi
      .output({ from, to, beside, again })
      .apply((asked) => ({ ...asked, name, again: asked.again ?? [] }));
    const step = connectivityStep(name, { ...place, lab, state, verb: MEASURE_VERB }, inside(this, placed));
    const found = step.stdout.apply(readMeasurement);
    this.overhead = found.apply(({ overhead }) => overhead);
    this.overlay = found.overlay;
    this.underlay = found.underlay;
    this.registerOutputs({ overhead: this.overhead, overlay: this.overlay, underlay: this.underlay });
  }
}
