/** The state of a lab as a table for people and an object for programs. Pure. */
import type { HostOutput, LabOutput } from "../../plan/contract";
import type { ContainerPlan } from "../../plan/types";
import { stillChecks } from "../verify/checks";
import { judge } from "../verify/judge";
import type { CheckResult, Evidence } from "../verify/judge";
import type { HostFacts } from "../verify/parse";
import { table } from "./output";

export interface Status {
  lab: string;
  ok: boolean;
  hosts: HostStatus[];
  tunnels: TunnelStatus[];
  containers: ContainerStatus[];
  /** What is not as desired; each says where to look. */
  faults: CheckResult[];
}

interface HostStatus {
  name: string;
  /** Also its VTEP. */
  address: string;
  /** Absent for a host that is no machine of ours. */
  domain?: string;
  /** In libvirt's words: running, shut off, …; absent when it has no such domain. */
  machine: string;
  /** "up", or why not. */
  ssh: string;
  bridge: string;
  bridgeAddress: string | null;
}

interface TunnelStatus {
  host: string;
  to: string;
  remote: string;
  segment: string;
  vni: number;
  udpPort: number;
  port: string;
  ofport: number | null;
  error: string | null;
  ok: boolean;
}

interface ContainerStatus {
  name: string;
  host: string;
  segment: string;
  address: string;
  state: string;
  pid: number | null;
  ok: boolean;
}

/** `virsh list --all`: id, name, and the state, which may be two words. */
export function parseDomains(text: string): Map<string, string> {
  const rows = text.split("\n").map((line) => /^\s*(?:\d+|-)\s+(\S+)\s+(\S.*?)\s*$/.exec(line));
  return new Map(rows.flatMap((row) => (row?.[1] && row[2] ? [[row[1], row[2]]] : [])));
}

/** @param domains undefined when libvirt does not answer */
export function statusOf(
  lab: LabOutput,
  evidence: Evidence,
  domains: ReadonlyMap<string, string> | undefined,
): Status {
  const checks = stillChecks(lab);
  const results = checks.map((check) => judge(check, evidence));
  const good = new Set(results.filter(({ ok }) => ok).map(({ name }) => name));
  const factsOf = (host: string): HostFacts | undefined => {
    const found = evidence.hosts.get(host);
    return found !== undefined && "facts" in found ? found.facts : undefined;
  };
  const hosts = lab.hosts.map((host) => hostStatus(host, evidence, domains));
  const unheard = new Set(hosts.filter(({ ssh }) => ssh !== "up").map(({ name }) => name));
  // Of a host that does not answer one line is enough.
  const told = checks.flatMap((check, i) =>
    check.kind !== "ssh" && unheard.has(check.host) ? [] : (results[i] ?? []),
  );
  const faults = [...machineFaults(hosts), ...told.filter(({ ok }) => !ok)];
  return {
    lab: lab.id,
    ok: faults.length === 0,
    hosts,
    tunnels: lab.hosts.flatMap((host) => tunnelStatus(host, factsOf(host.name), good)),
    containers: lab.containers.map((container) => {
      const { name, host } = container;
      const { segment, address } = placeOf(container);
      const found = factsOf(host)?.containers.get(name);
      const [state, pid] = [found?.state ?? "unknown", found?.pid ?? 0];
      return { name, host, segment, address, state, pid: pid || null, ok: good.has(`container/${name}`) };
    }),
    faults,
  };
}

/** All of a container's segments and addresses, in words. */
function placeOf({ interfaces }: ContainerPlan): Pick<ContainerStatus, "segment" | "address"> {
  return {
    segment: interfaces.flatMap(({ segment }) => segment ?? []).join(" "),
    address: interfaces.flatMap(({ addresses }) => addresses).join(" "),
  };
}

function hostStatus(
  host: HostOutput,
  evidence: Evidence,
  domains: ReadonlyMap<string, string> | undefined,
): HostStatus {
  const { name, address, domain, bridge } = host;
  const found = evidence.hosts.get(name);
  const ssh = found === undefined ? "was not asked" : "silent" in found ? found.silent : "up";
  const machine = machineOf(domain, domains);
  return {
    name,
    address,
    ...(domain === undefined ? {} : { domain }),
    machine,
    ssh,
    bridge: bridge.name,
    bridgeAddress: bridge.address ?? null,
  };
}

function machineOf(domain: string | undefined, domains: ReadonlyMap<string, string> | undefined): string {
  if (domain === undefined) return EXISTING;
  return domains === undefined ? "unknown" : (domains.get(domain) ?? "absent");
}

/** Instead of libvirt's word, for a host that is no machine of ours. */
const EXISTING = "existing";

/** A libvirt that does not answer is no fault of the machine: SSH tells whether that runs. */
function machineFaults(hosts: readonly HostStatus[]): CheckResult[] {
  return hosts
    .filter(({ machine }) => !["running", "unknown", EXISTING].includes(machine))
    .map(({ name, machine }) => ({
      name: `machine/${name}`,
      ok: false,
      expected: "running",
      got: machine,
      where: "./vxlab up (starts it again)",
    }));
}

function tunnelStatus(
  host: HostOutput,
  facts: HostFacts | undefined,
  good: ReadonlySet<string>,
): TunnelStatus[] {
  return host.ports.flatMap(({ segment, vni, udpPort, tunnels }) =>
    tunnels.map((tunnel) => {
      const found = facts?.ports?.get(tunnel.port);
      return {
        host: host.name,
        to: tunnel.host,
        remote: tunnel.address,
        segment,
        vni,
        udpPort,
        port: tunnel.port,
        ofport: found?.ofport ?? null,
        error: found === undefined ? null : found.error,
        ok: good.has(`tunnel/${host.name}/${tunnel.port}`),
      };
    }),
  );
}

export function renderStatus(status: Status): string {
  const { hosts, tunnels, containers, faults } = status;
  const blocks = [
    [
      ["HOST", "ADDRESS (VTEP)", "MACHINE", "SSH", "BRIDGE", "ITS ADDRESS"],
      ...hosts.map((h) => [h.name, h.address, h.machine, shortSsh(h.ssh), h.bridge, h.bridgeAddress ?? "-"]),
    ],
    [
      ["TUNNEL", "FROM", "TO", "REMOTE", "SEGMENT", "VNI", "UDP", "STATE"],
      ...tunnels.map((t) => [
        ...[t.port, t.host, t.to, t.remote, t.segment, String(t.vni), String(t.udpPort)],
        tunnelText(t),
      ]),
    ],
    [
      ["CONTAINER", "HOST", "SEGMENT", "ADDRESS", "STATE", "PID"],
      ...containers.map((c) => [c.name, c.host, c.segment, c.address, c.state, c.pid?.toString() ?? "-"]),
    ],
  ];
  const tables = blocks.filter((rows) => rows.length > 1).map((rows) => table(rows));
  return [...tables, faultText(faults)].join("\n\n");
}

function shortSsh(ssh: string): string {
  return ssh === "up" ? "up" : "DOWN";
}

function tunnelText({ ok, ofport, error }: TunnelStatus): string {
  if (ofport === null) return "unknown";
  if (error || ofport < 0) return "REFUSED";
  return ok ? `up (ofport ${ofport})` : `WRONG (ofport ${ofport})`;
}

function faultText(faults: readonly CheckResult[]): string {
  if (faults.length === 0) return "everything is as desired";
  const things = faults.length === 1 ? "1 thing is" : `${faults.length} things are`;
  const lines = faults.flatMap(({ name, expected, got, where }) => [
    `  ${name}: ${got}`,
    `      expected  ${expected}`,
    `      look      ${where}`,
  ]);
  return [`${things} not as desired:`, ...lines].join("\n");
}
