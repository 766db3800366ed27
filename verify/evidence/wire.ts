/** Encapsulated packets on a host's underlay: the command that captures them, and what it has seen. */
import { scriptCommand } from "../../guest/quote";
import type { HostOutput, LabOutput } from "../../plan/contract";
import { ENCAPSULATIONS, Encapsulation } from "../../plan/net/encap";
import { scriptText } from "./scripts";

/** A packet that carries an ICMP echo request or reply. */
export interface WirePacket {
  src: string;
  dst: string;
  udpPort: number;
  /** Undefined: none that vxlab makes. */
  encapsulation: Encapsulation | undefined;
  vni: number;
  inner: { src: string; dst: string; what: "request" | "reply" };
}

/** The outer headers of a packet. */
export type Outer = Omit<WirePacket, "inner">;

/** A packet of WireGuard. */
export type SealedPacket = Pick<WirePacket, "src" | "dst" | "udpPort">;

/** What a capture has seen. */
export type Seen = (WirePacket & { sealed?: undefined }) | { sealed: SealedPacket };

/** A ping that is searched for on the wire, and how it must look there. */
export interface WirePing {
  inner: { src: string; dst: string };
  outer: Outer;
  /** VNIs of other segments in which both inner addresses exist: pings there have the same inner packet. */
  alike: readonly number[];
  /** If the hosts encrypt: what must be seen instead. */
  sealed?: SealedPacket;
}

/** True if that is the expected packet. */
export function isAwaited(seen: Seen, { sealed, ...ping }: WirePing): boolean {
  if (sealed === undefined) return seen.sealed === undefined && isRequestOf(seen, ping);
  return seen.sealed !== undefined && sealedText(seen.sealed) === sealedText(sealed);
}

export const sealedText = ({ src, dst, udpPort }: SealedPacket): string => `${src} > ${dst} UDP ${udpPort}`;

export function isRequestOf({ inner, vni }: WirePacket, { inner: { src, dst }, alike }: WirePing): boolean {
  return inner.what === "request" && inner.src === src && inner.dst === dst && !alike.includes(vni);
}

/**
 * The outer line of `tcpdump -n -T vxlan`, then the inner one. tcpdump decodes GENEVE without options as well by that, on whatever
 * port: VNI and inner frame are in the same place (RFC 7348 section 5, RFC 8926 section 3.4), and the first byte tells them apart.
 */
const OUTER = /IP6? (\S+)\.\d+ > (\S+)\.(\d+): VXLAN, flags \[.*?\] \(0x([0-9a-f]+)\), vni (\d+)/;
const INNER = /IP6? (\S+) > (\S+): ICMP6?,? echo (request|reply)/;
const DECODE = ENCAPSULATIONS[Encapsulation.Vxlan].capture.options;

/** Any UDP packet. tcpdump decodes all of it as VXLAN, and WireGuard's as well. */
const UDP_PACKET = /IP6? (\S+)\.\d+ > (\S+)\.(\d+): /;
/** The interface where tcpdump listens on all. */
const ON_DEVICE = /^\S+ (\S+)\s+(?:In|Out|P|B|M)\s/;

/** @param encryption of the host: what is seen on its device has been decrypted, and was not on the wire */
export function parseCapture(text: string, encryption?: { device: string; port: number }): Seen[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index): Seen[] => {
    if (encryption !== undefined) {
      if (ON_DEVICE.exec(line)?.[1] === encryption.device) return [];
      const [, src = "", dst = "", udpPort] = UDP_PACKET.exec(line) ?? [];
      if (Number(udpPort) === encryption.port) return [{ sealed: { src, dst, udpPort: Number(udpPort) } }];
    }
    const [, src = "", dst = "", udpPort, first = "", vni] = OUTER.exec(line) ?? [];
    const [, from = "", to = "", what] = INNER.exec(lines[index + 1] ?? "") ?? [];
    const encapsulation = byFirstByte(Number.parseInt(first, 16));
    if (vni === undefined || (what !== "request" && what !== "reply")) return [];
    const outer = { src, dst, udpPort: Number(udpPort), encapsulation, vni: Number(vni) };
    return [{ ...outer, inner: { src: from, dst: to, what } }];
  });
}

function byFirstByte(byte: number): Encapsulation | undefined {
  return Object.values(Encapsulation).find((name) => ENCAPSULATIONS[name].capture.firstByte === byte);
}

/** Longer than verify runs. The host ends the capture after this time if nothing else does. */
const CAPTURE_SECONDS = "120";
const CAPTURE_PACKETS = "5000";

/** Length of the UDP header, and of the two MAC addresses before an Ethernet header's EtherType, bytes. */
const UDP = 8;
const MACS = 12;

/**
 * Packets with an inner ICMP or ICMPv6 packet. The inner EtherType follows the UDP header, the encapsulation's own and two MAC addresses,
 * or a VLAN tag more; of the header that follows, the protocol is IPv4's tenth byte and IPv6's seventh. The filter has no UDP port and no
 * VNI, so that packets with a wrong one are captured and reported, as are packets with a tag, which have leaked from another segment.
 */
function innerIcmp(byte: (offset: number, size?: number) => string): string {
  const at = (type: number) => [
    `(${byte(type, 2)} = 0x0800 and ${byte(type + 11)} = 1)`,
    `(${byte(type, 2)} = 0x86dd and ${byte(type + 8)} = 58)`,
  ];
  const lengths = new Set(Object.values(ENCAPSULATIONS).map(({ header }) => header));
  const frames = [...lengths].flatMap((length) => {
    const type = UDP + length + MACS;
    return [...at(type), `(${byte(type, 2)} = 0x8100 and (${at(type + 4).join(" or ")}))`];
  });
  return `(${frames.join(" or ")})`;
}

/** pcap-filter(7) counts from the UDP header over IPv4 only; over IPv6 the UDP header follows 40 bytes of IPv6 header. */
function icmpTo(address: string): string {
  const place = address.includes(":") ? { of: "ip6", after: 40 } : { of: "udp", after: 0 };
  const byte = (offset: number, size?: number) =>
    `${place.of}[${offset + place.after}${size === undefined ? "" : `:${size}`}]`;
  const udp = place.of === "ip6" ? "ip6[6] = 17 and " : "";
  return `dst host ${address} and ${udp}${innerIcmp(byte)}`;
}

/** The interface where packets arrive from the underlay. It is not known for an existing host. */
export function underlayDevice({ existing }: Partial<Pick<HostOutput, "existing">>): string {
  return existing === undefined ? "eth0" : "any";
}

/** tcpdump's options for the readers here; immediate mode, since libpcap otherwise delivers packets in blocks, up to a second late. */
const FORM = ["--immediate-mode", "-l", "-n", ...DECODE];

/** Captures the encapsulated pings that arrive at a host. */
export function captureCommand(host: CapturedHost): string {
  return scriptCommand(scriptText("tcpdump.sh"), captureArguments(host));
}

type CapturedHost = Pick<HostOutput, "address" | "existing" | "encryption">;

/** On a host that encrypts, also WireGuard's packets, and packets that should have been encrypted. */
export function captureArguments({ address, existing, encryption }: CapturedHost): string[] {
  const much = ["-s", "160", "-c", CAPTURE_PACKETS, "-i", underlayDevice({ existing })];
  const filter =
    encryption === undefined
      ? [icmpTo(address)]
      : [
          `(${icmpTo(address)})`,
          `(${icmpTo(encryption.address)})`,
          `(dst host ${address} and udp dst port ${encryption.port})`,
        ];
  return [CAPTURE_SECONDS, ...FORM, ...much, filter.join(" or ")];
}

/** Longest time that a host listens to all of its interfaces, seconds, even if nobody ends it. */
const OVERHEAR_SECONDS = "60";

/** Shows every ping, ARP and neighbour discovery on all interfaces of a host, inside tunnels as well. */
export function captureAllCommand(lab: LabOutput): string {
  return scriptCommand(scriptText("tcpdump.sh"), captureAllArguments(lab));
}

export function captureAllArguments({ hosts }: LabOutput): string[] {
  const udp = [...new Set(hosts.flatMap(({ ports }) => ports.map(({ udpPort }) => udpPort)))].sort(
    (a, b) => a - b,
  );
  const tunnels = udp.map((port) => `udp dst port ${port}`);
  const much = ["-s", "200", "-c", CAPTURE_PACKETS, "-i", "any"];
  return [OVERHEAR_SECONDS, ...FORM, ...much, ["arp", "icmp", "icmp6", ...tunnels].join(" or ")];
}
