/** The commands that gather evidence on a host, and the pings that a list of checks needs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HostOutput, LabOutput } from "../../plan/contract";
import { ContainerKind } from "../../plan/types";
import { scriptCommand } from "../../guest/quote";
import type { Check, Errand } from "./checks";
import type { HostFacts } from "./parse";

const script = (file: string): string => readFileSync(join(__dirname, file), "utf8");

/** Docker's containers as `docker/NAME`: names have no slash. */
export function probeCommand(lab: LabOutput, host: HostOutput): string {
  const services = lab.services.filter((service) => service.host === host.name).map(({ device }) => device);
  const boxes = lab.containers.filter((container) => container.host === host.name);
  const names = boxes.map(({ name, kind }) => (kind === ContainerKind.Docker ? `docker/${name}` : name));
  return scriptCommand(script("probe.sh"), [host.bridge.name, services.join(" "), ...names]);
}

/** Each ping once, though a capture and a check may both want it. */
export function errandsOf(checks: readonly Check[]): Errand[] {
  const all = checks.flatMap((check): Errand[] => {
    if (check.kind === "wire") return [{ ...check.ping, mode: "reach" }];
    if (check.kind === "ping") return [{ ...check, mode: "reach" }];
    const sends = check.kind === "fits" || check.kind === "too-big" || check.kind === "isolated";
    return sends ? [{ ...check, mode: check.kind }] : [];
  });
  return [...new Map(all.map((errand) => [errand.name, errand])).values()];
}

/**
 * The errands of one host; those from containers that do not run are left out. Undefined: there are none.
 *
 * @param lanes pings at the same time
 * @param patience how long an answer is waited for, seconds
 */
export function pingsCommand(
  errands: readonly Errand[],
  facts: HostFacts,
  lanes: number,
  patience: number,
): string | undefined {
  // Those that no answer is awaited of last: they run more at once.
  const sorted = [...errands].sort((a, b) => Number(a.mode === "isolated") - Number(b.mode === "isolated"));
  const args = sorted.flatMap(({ name, from, nic, to, size = 0, mode }) => {
    const pid = facts.containers.get(from)?.pid ?? 0;
    return pid === 0 ? [] : [name, String(pid), mode, to, String(size), nic];
  });
  return args.length === 0
    ? undefined
    : scriptCommand(script("pings.sh"), [String(lanes), String(patience), ...args]);
}

/** Nothing that verify does lasts longer; the host ends the capture then, whoever has gone away. */
const CAPTURE_SECONDS = "120";
const CAPTURE_PACKETS = "5000";

/**
 * VXLAN packets with an inner ICMP or ICMPv6 packet that arrive at `address`. From the UDP header on: 8 bytes of UDP, 8 of
 * VXLAN, the inner Ethernet header with its EtherType at byte 28, or behind a VLAN tag at byte 32; of the header that
 * follows, the protocol is IPv4's tenth byte and IPv6's seventh. No UDP port and no VNI: a packet on a wrong one is to be
 * seen and named, and so is one with a tag, which has leaked out of another segment.
 */
function innerIcmp(byte: (offset: number, size?: number) => string): string {
  const from = (type: number) => [
    `(${byte(type, 2)} = 0x0800 and ${byte(type + 11)} = 1)`,
    `(${byte(type, 2)} = 0x86dd and ${byte(type + 8)} = 58)`,
  ];
  const tagged = `(${byte(28, 2)} = 0x8100 and (${from(32).join(" or ")}))`;
  return `(${[...from(28), tagged].join(" or ")})`;
}

/** pcap-filter(7) counts from the UDP header over IPv4 only; over IPv6 it stands behind 40 bytes of header. */
function vxlanTo(address: string): string {
  const place = address.includes(":") ? { of: "ip6", after: 40 } : { of: "udp", after: 0 };
  const byte = (offset: number, size?: number) =>
    `${place.of}[${offset + place.after}${size === undefined ? "" : `:${size}`}]`;
  const udp = place.of === "ip6" ? "ip6[6] = 17 and " : "";
  return `dst host ${address} and ${udp}${innerIcmp(byte)}`;
}

/** Where packets arrive from the underlay; of a host that is no machine of ours nobody knows it. */
export function underlayDevice({ existing }: Pick<HostOutput, "existing">): string {
  return existing === undefined ? "eth0" : "any";
}

export function captureArguments(address: string, device = "eth0"): string[] {
  // Immediate: libpcap otherwise hands packets over in blocks, up to a second late.
  const how = [
    "--immediate-mode",
    "-l",
    "-n",
    "-s",
    "160",
    "-c",
    CAPTURE_PACKETS,
    "-T",
    "vxlan",
    "-i",
    device,
  ];
  return [CAPTURE_SECONDS, ...how, vxlanTo(address)];
}
