/** What a kind of thing on a host says of itself, in the `thing.ts` of its folder. Pure. */
import type { Words } from "./change";
import type { HostOutput, LabOutput } from "./contract";

export interface ThingKind {
  /** Of the guest tools, from the package's root: they define `<kind>_apply`, `_remove`, `_observe` and `_drift`. */
  readonly scripts: readonly string[];
  /**
   * Those that a lab has on a host, each by what tells it from others of its kind there: the VNI of a port, the device of an encryption or
   * a service, else its name. @default the steps of its section (plan/section.ts)
   */
  readonly on?: (lab: LabOutput, host: HostOutput) => string[];
  /** Its changes in the words of a preview. @default its section's */
  readonly words?: Words;
}
