/** What a kind of thing on a host must define, in the `thing.ts` of its folder. Pure. */
import type { Words } from "./change";
import type { HostOutput, LabOutput } from "./contract";

export interface ThingKind {
  /** Of the guest tools, from the package's root: they define `<kind>_apply`, `_remove`, `_observe` and `_drift`. */
  readonly scripts: readonly string[];
  /**
   * The keys of a lab's things of this kind on a host, each unique on that host: the VNI of a port, the device of an encryption or
   * a service, else its name. @default the steps of its section (plan/section.ts)
   */
  readonly on?: (lab: LabOutput, host: HostOutput) => string[];
  /** Describes its changes for a preview. @default its section's */
  readonly words?: Words;
}
