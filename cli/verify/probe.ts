/** The commands that gather evidence on a host, and the pings that a list of checks needs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HostOutput } from "../../plan/contract";
import { scriptCommand } from "../lib/quote";
import type { Check, PingCheck } from "./checks";
import type { HostFacts } from "./parse";

const script = (file: string): string => readFileSync(join(__dirname, file), "utf8");

export function probeCommand(host: HostOutput, containers: readonly string[]): string {
  return scriptCommand(script("probe.sh"), [host.bridge.name, ...containers]);
}

/** A ping that is to be sent: of a check, or one that a capture waits for. */
export type Errand = Pick<PingCheck, "name" | "host" | "from" | "to" | "size"> & {
  mode: "reach" | "fits" | "too-big" | "isolated";
};

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

/** The errands of one host; those from containers that do not run are left out. Undefined: there are none. */
export function pingsCommand(errands: readonly Errand[], facts: HostFacts): string | undefined {
  const args = errands.flatMap(({ name, from, to, size = 0, mode }) => {
    const pid = facts.containers.get(from)?.pid ?? 0;
    return pid === 0 ? [] : [name, String(pid), mode, to, String(size)];
  });
  return args.length === 0 ? undefined : scriptCommand(script("pings.sh"), args);
}

/** Nothing that verify does lasts longer; the host ends the capture then, whoever has gone away. */
const CAPTURE_SECONDS = "120";
const CAPTURE_PACKETS = "5000";

/**
 * VXLAN packets with an inner ICMP packet that arrive at `address`. From the UDP header on: 8 bytes of UDP, 8 of VXLAN,
 * the inner Ethernet header with its EtherType at byte 28, or behind a VLAN tag at byte 32; the protocol is the tenth
 * byte of the IPv4 header that follows. No UDP port and no VNI: a packet on a wrong one is to be seen and named, and so
 * is one with a tag, which has leaked out of another segment.
 */
const INNER_ICMP =
  "((udp[28:2] = 0x0800 and udp[39] = 1) or (udp[28:2] = 0x8100 and udp[32:2] = 0x0800 and udp[43] = 1))";

export function captureArguments(address: string): string[] {
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
    "eth0",
  ];
  return [CAPTURE_SECONDS, ...how, `dst host ${address} and ${INNER_ICMP}`];
}
