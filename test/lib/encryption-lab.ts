/** The lab of the tests of encryption: its settings, and what a whole underlay carries, heard where the hypervisor has all of it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Guests } from "./guests";
import { good, type Project } from "./project";

export const [KVM1, KVM2, KVM3] = ["192.168.10.156", "192.168.10.222", "192.168.10.30"];
/** The hypervisor's own address on the underlay. */
export const HYPERVISOR = "192.168.10.1";
export const WIREGUARD = 51820;
/** kvm3 is on the underlay and in no segment: the attacker. */
const pair = { hosts: ["kvm1", "kvm2"] };
export const SEGMENTS = {
  red: { vni: 100, subnet: "10.0.3.0/24", ...pair },
  blue: { vni: 200, vlan: 20, subnet: "10.0.20.0/24", flooding: "flow", ...pair },
  navy: { vni: 300, vlan: 30, subnet: "10.0.30.0/24", encapsulation: "geneve", ...pair },
};
const box = (host: string, segment: string, address: string) => ({ host, segment, address });
export const CONTAINERS = {
  c1: box("kvm1", "red", "10.0.3.10/24"),
  c2: box("kvm2", "red", "10.0.3.11/24"),
  b1: box("kvm1", "blue", "10.0.20.10/24"),
  b2: box("kvm2", "blue", "10.0.20.11/24"),
  n1: box("kvm1", "navy", "10.0.30.10/24"),
  n2: box("kvm2", "navy", "10.0.30.11/24"),
};
export const settings = (underlay: object = {}, more: object = {}) => ({
  underlay,
  hosts: { kvm1: { address: KVM1 }, kvm2: { address: KVM2 }, kvm3: { address: KVM3 } },
  segments: SEGMENTS,
  containers: CONTAINERS,
  ...more,
});
/** Pings that cross the underlay, from whom to what. */
export const FAR = { c1: "10.0.3.11", b1: "10.0.20.11", n1: "10.0.30.11" };

export async function pingsAll(
  guests: Guests,
  pairs: Readonly<Record<string, string>> = FAR,
): Promise<boolean[]> {
  const sent = Object.entries(pairs).map(([from, to]) => guests.ping(from, `-c 3 -i 0.3 -W 3 ${to}`));
  return (await Promise.all(sent)).map(({ code }) => code === 0);
}

/** A packet of UDP, or a fragment of one. */
export interface Heard {
  from: string;
  to: string;
  port: number | undefined;
  /** Of the IP packet, bytes. */
  length: number;
}

/**
 * All UDP and all fragments on the underlay while something happens: the bridge of its network sees what every host sends, from before a
 * machine boots.
 */
export async function onUnderlay(project: Project, what: () => Promise<unknown>): Promise<Heard[]> {
  const enter = ["netns", "exec", project.namespace];
  const at = good(
    await project.run("ip", ["-n", project.namespace, "-o", "address", "show", "to", HYPERVISOR]),
  );
  const [, bridge = ""] = at.split(/\s+/);
  const file = join(project.temporary, "underlay.pcap");
  const filter = "udp or ip[6:2] & 0x3fff != 0";
  const ear = spawn("ip", [...enter, "tcpdump", "-n", "-U", "-i", bridge, "-w", file, filter], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(ear, "exit");
  await new Promise<void>((hears, fails) => {
    let said = "";
    ear.stderr.on("data", (text: Buffer) => (said += text.toString()).includes("listening on") && hears());
    ear.on("exit", () => fails(new Error(`tcpdump ended: ${said}`)));
  });
  try {
    await what();
    await sleep(2000);
  } finally {
    ear.kill("SIGINT");
    await ended;
  }
  return heard(good(await project.run("tcpdump", ["-n", "-v", "-r", file])));
}

function heard(text: string): Heard[] {
  return text.split(/^(?=\S)/m).flatMap((packet) => {
    const [, length] = /length (\d+)\)/.exec(packet) ?? [];
    const [, from = "", to = "", port] =
      /(\d+(?:\.\d+){3})\.\d+ > (\d+(?:\.\d+){3})\.(\d+):/.exec(packet) ?? [];
    const isFragment = /offset [1-9]|flags \[\+\]/.test(packet);
    if (port === undefined && !isFragment) return [];
    return [{ from, to, port: isFragment ? undefined : Number(port), length: Number(length) }];
  });
}

/** UDP ports to which packets went, each once. */
export const portsOf = (all: readonly Heard[]) =>
  [...new Set(all.map(({ port }) => port))].sort((a, b) => (a ?? 0) - (b ?? 0));
