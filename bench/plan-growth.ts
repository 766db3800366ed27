/**
 * How planning grows with the hosts of a full mesh: npx tsx bench/plan-growth.ts
 *
 * One segment, one container on each host with a computed address, each number of hosts planned a few times; the time is
 * the median of this process' own processor time. Resources are those of VxlanLab (components/vxlan-lab.ts).
 */
import { labOutput } from "../plan/contract";
import { planLab } from "../plan/plan";
import type { Topology } from "../plan/types";

const SIZES = [2, 10, 50, 200];
const RUNS = 7;
/** Of a lab with KVM hosts: the lab, its id, secret and provider, the underlay and its network, the image and its parts. */
const PER_LAB = 11;
/** KvmHost, seed, root, domain; OvsBridge and its step. A port or a container is a component and its step. */
const PER_HOST = 6;
const PER_THING = 2;

function mesh(hosts: number): Topology {
  const numbers = Array.from({ length: hosts }, (_, i) => i);
  const address = (i: number) => `192.168.${i >> 8}.${(i & 255) + 2}`;
  return {
    underlay: { cidr: "192.168.0.0/16" },
    image: {},
    hosts: Object.fromEntries(numbers.map((i) => [`host${i}`, { address: address(i) }])),
    segments: { red: { vni: 100, subnet: "10.0.0.0/12" } },
    containers: Object.fromEntries(numbers.map((i) => [`c${i}`, { host: `host${i}` }])),
  };
}

/** ms */
function timed<T>(work: () => T): { result: T; ms: number } {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  return { result, ms: (user + system) / 1000 };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function row(size: number): string[] {
  const topology = mesh(size);
  const plans = Array.from({ length: RUNS }, () => timed(() => planLab(topology, { lab: "bench" })));
  const plan = planLab(topology, { lab: "bench" });
  const facts = plan.hosts.map(() => ({ hostKey: "ssh-ed25519 AAAA", domain: "vxlab-0-host" }));
  const outputs = Array.from({ length: RUNS }, () => timed(() => labOutput(plan, "0", facts)));
  const ports = plan.hosts.flatMap((host) => host.ports);
  const things = ports.length + plan.containers.length;
  const bytes = JSON.stringify(outputs[0]?.result).length;
  return [
    String(size),
    median(plans.map(({ ms }) => ms)).toFixed(1),
    median(outputs.map(({ ms }) => ms)).toFixed(1),
    String(PER_LAB + PER_HOST * size + PER_THING * things),
    String(ports.length),
    String(ports.flatMap(({ remotes }) => remotes).length),
    (bytes / 1024).toFixed(0),
  ];
}

row(10); // so that the first row does not pay for the compiler's warming up
const head = ["hosts", "planning ms", "output ms", "resources", "ports", "tunnels", "output KiB"];
const rows = SIZES.map(row);
const widths = head.map((title, column) =>
  Math.max(title.length, ...rows.map((one) => one[column]?.length ?? 0)),
);
for (const line of [head, ...rows]) {
  process.stdout.write(`${line.map((cell, column) => cell.padStart(widths[column] ?? 0)).join("  ")}\n`);
}
