/** The MTU of a component without one in its arguments. */
import { literalFamily } from "../../plan/addresses";
import { maxOverlayMtu } from "../../plan/net/encap";
import { IpFamily } from "../../plan/net/family";
import { UNDERLAY } from "../underlay/spec";

/**
 * The largest packet that fits into one of an underlay with the default MTU. For another underlay, `mtu` is set, as a lab's plan does.
 *
 * @param vtep an address of the underlay, which shows its family. @default IPv4 is assumed
 */
export function assumedMtu(vtep?: string): number {
  const family = vtep === undefined ? undefined : literalFamily(vtep);
  return maxOverlayMtu(UNDERLAY.mtu.default, family ?? IpFamily.V4);
}
