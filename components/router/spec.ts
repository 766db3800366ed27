/** The setting `evpn`: the BGP routers of segments that flood by EVPN. */
import type { Fields } from "../../plan/setting";

/**
 * The BGP routers of segments with Flooding.Evpn. Every host of such a segment has one; it has a session with each route reflector.
 *
 * @example
 * ```ts
 * const evpn: EvpnSpec = { as: 65001, reflectors: ["kvm1", "kvm2"] };
 * ```
 */
export interface EvpnSpec {
  /** Autonomous system (AS) number, another one for each owner (docs/stacks.md); 1 to 65534. @default 65000 */
  as?: number;
  /** Names of the hosts that are route reflectors. @default the first two hosts by name that hold such a segment */
  reflectors?: string[];
}

export const EVPN = {
  as: {
    kind: "integer",
    // 16 bits without 0 (RFC 7607) and 65535 (RFC 7300). An automatic route target has no more room (RFC 8365 section 5.1.2.1).
    min: 1,
    max: 65534,
    names: "an AS number",
    default: 65000,
    doc: "autonomous system (AS) number, another one for each owner ([stacks.md](stacks.md#evpn-between-owners))",
  },
  reflectors: {
    kind: "list",
    fewest: 1,
    usual: "the first two hosts by name that hold such a segment",
    doc: "names of the hosts that are route reflectors",
  },
} as const satisfies Fields<EvpnSpec>;
