/** Constants of WireGuard: its device, port and overhead. */
import { IpFamily } from "../../plan/net/family";

/** On every host. */
export const WIREGUARD_DEVICE = "wg0";

/** The usual one (wg(8) shows it in its examples; IANA has none). */
export const WIREGUARD_PORT = 51820;

/** Header of a data packet and its authentication tag (wireguard.com/protocol, "Subsequent Messages"). */
const HEADER = 16;
const TAG = 16;
const UDP_HEADER = 8;
const IP_HEADER: Readonly<Record<IpFamily, number>> = { [IpFamily.V4]: 20, [IpFamily.V6]: 40 };

/** Bytes between an encrypted packet and the underlay's, 60 over IPv4, 80 over IPv6. */
export function wireguardOverhead(family: IpFamily): number {
  return IP_HEADER[family] + UDP_HEADER + HEADER + TAG;
}

/** Inside, tunnels run over IPv4, whatever the underlay's family is. */
export const INSIDE_FAMILY = IpFamily.V4;
