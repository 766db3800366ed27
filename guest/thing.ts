/** What a kind of thing on a host says of itself, in the `thing.ts` of its folder. Pure. */
import type { Words } from "../plan/change";

export interface Thing {
  /** Of the guest tools, from the package's root: they define `<kind>_apply`, `_remove`, `_observe` and `_drift`. */
  readonly scripts: readonly string[];
  /** Its changes in the words of a preview. @default its section's (plan/section.ts) */
  readonly words?: Words;
}
