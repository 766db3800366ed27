/** Hints about EVPN: settings that work, but may not be what was meant. */
import type { Problem } from "../../plan/problem";
import type { ResolvedLab } from "../../plan/resolved";
import { holders } from "./resolve";

export function evpnHints({ evpn: { spec, reflectors }, segments }: ResolvedLab): Problem[] {
  const speaking = new Set([...holders(segments), ...reflectors]);
  if (holders(segments).length === 0) {
    if (spec === undefined || segments.length === 0) return [];
    const cure = "Write flooding: evpn in a segment, or leave it out.";
    return [{ path: "evpn", got: spec, message: "Has no effect: no segment has flooding: evpn.", cure }];
  }
  if (reflectors.length > 1 || speaking.size < 2) return [];
  const message = "Is the only route reflector: while its bgpd does not run, no frame crosses EVPN segments.";
  const cure = "Name a second host in evpn.reflectors.";
  return [{ path: "evpn.reflectors", got: spec?.reflectors ?? reflectors[0], message, cure }];
}
