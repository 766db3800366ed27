/** The state of a lab as an object for programs. Pure. */
import type { HostOutput, LabOutput, PortOutput } from "../../plan/contract";
import { serviceName } from "../../plan/names";
import type { ContainerPlan, ServicePlan } from "../../plan/types";
import type { CheckResult, Evidence } from "../../verify/check";
import type { ContainerFacts, HostFacts } from "../../verify/evidence/facts";
import { factsOn, judge } from "../../verify/judge";
import { stillChecks } from "../../verify/registry";
import { isJoint } from "../../components/segment/ways";

export interface Status {
  lab: string;
  ok: boolean;
  hosts: HostStatus[];
  tunnels: TunnelStatus[];
  services: ServiceStatus[];
  containers: ContainerStatus[];
  /** What is on the hosts and does not belong to the lab: not a fault, and left alone. */
  foreign: ForeignStatus[];
  /** What is not as desired, each with a command that shows it. */
  faults: CheckResult[];
}

interface HostStatus {
  name: string;
  /** Also its VTEP, unless `encryption` has another. */
  address: string;
  /** Absent for an existing host. */
  domain?: string;
  /** In libvirt's words: running, shut off, …; absent when it has no such domain. */
  machine: string;
  /** "up", or why not. */
  ssh: string;
  /** Absent: its tunnels are not encrypted. */
  encryption?: EncryptionStatus;
  bridge: string;
  bridgeAddress: string | null;
}

interface EncryptionStatus {
  device: string;
  /** The VTEP. */
  address: string;
  ok: boolean;
}

export interface TunnelStatus {
  host: string;
  to: string;
  remote: string;
  segment: string;
  vni: number;
  udpPort: number;
  port: string;
  ofport: number | null;
  error: string | null;
  /** Its host has answered, and has no such port. */
  missing: boolean;
  ok: boolean;
}

interface ForeignStatus {
  host: string;
  /** In words: `port tap0 on vxbr`. */
  what: string;
}

interface ServiceStatus {
  segment: string;
  host: string;
  device: string;
  address: string;
  /** In words. */
  does: string;
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

/** @param domains undefined when libvirt does not answer */
export function statusOf(
  lab: LabOutput,
  evidence: Evidence,
  domains: ReadonlyMap<string, string> | undefined,
): Status {
  const checks = stillChecks(lab);
  const results = checks.map((check) => judge(check, evidence));
  const good = new Set(results.filter(({ ok }) => ok).map(({ name }) => name));
  const hosts = lab.hosts.map((host) => hostStatus(host, evidence, domains, good));
  const unheard = new Set(hosts.filter(({ ssh }) => ssh !== "up").map(({ name }) => name));
  // For a host that does not answer, one line is enough.
  const told = checks.flatMap((check, i) =>
    check.kind !== "ssh" && unheard.has(check.host) ? [] : (results[i] ?? []),
  );
  const faults = [...machineFaults(hosts), ...told.filter(({ ok }) => !ok)];
  return {
    lab: lab.id,
    ok: faults.length === 0,
    hosts,
    tunnels: lab.hosts.flatMap((host) => tunnelStatus(host, factsOn(host.name, evidence), good)),
    services: lab.services.map((service) => serviceStatus(service, good)),
    containers: lab.containers.map((container) => {
      const { name, host } = container;
      const found = factsOn(host, evidence)?.containers.get(name);
      const { segment, address } = placeOf(container, found);
      const [state, pid] = [found?.state ?? "unknown", found?.pid ?? 0];
      return { name, host, segment, address, state, pid: pid || null, ok: good.has(`container/${name}`) };
    }),
    foreign: checks.flatMap((check) => {
      const { host } = check;
      const facts = factsOn(host, evidence);
      return facts === undefined ? [] : (check.foreign?.(facts) ?? []).map((what) => ({ host, what }));
    }),
    faults,
  };
}

/** All of a container's segments and addresses, in words. */
function placeOf(
  { interfaces }: ContainerPlan,
  found: ContainerFacts | undefined,
): Pick<ContainerStatus, "segment" | "address"> {
  const places = interfaces.flatMap((nic) => [nic, ...nic.trunk]);
  const words = interfaces.flatMap(({ name, dhcp, addresses, trunk }) => {
    const lent = found?.nics?.get(name)?.addresses.filter((address) => !addresses.includes(address)) ?? [];
    return [...(dhcp ? [lent[0] ?? "dhcp"] : []), ...addresses, ...trunk.flatMap((one) => one.addresses)];
  });
  return {
    segment: places.flatMap(({ segment }) => segment ?? []).join(" "),
    address: words.join(" ") || "-",
  };
}

function serviceStatus(service: ServicePlan, good: ReadonlySet<string>): ServiceStatus {
  const { segment, host, device, addresses, nat, nat6, dhcp } = service;
  const does = [
    nat || nat6 === true ? "gateway" : "",
    dhcp === undefined ? "" : `DHCP ${dhcp.first} to ${dhcp.last}`,
  ];
  return {
    segment,
    host,
    device,
    address: addresses.join(" "),
    does: does.filter(Boolean).join(", "),
    ok: good.has(`service/${serviceName(service)}`),
  };
}

function hostStatus(
  host: HostOutput,
  evidence: Evidence,
  domains: ReadonlyMap<string, string> | undefined,
  good: ReadonlySet<string>,
): HostStatus {
  const { name, address, domain, bridge, encryption } = host;
  const found = evidence.hosts.get(name);
  const ssh = found === undefined ? "was not asked" : "silent" in found ? found.silent : "up";
  const machine = machineOf(domain, domains);
  return {
    name,
    address,
    ...(domain === undefined ? {} : { domain }),
    machine,
    ssh,
    ...(encryption === undefined
      ? {}
      : {
          encryption: {
            ...{ device: encryption.device, address: encryption.address },
            ok: good.has(`encryption/${name}`),
          },
        }),
    bridge: bridge.name,
    bridgeAddress: bridge.address ?? null,
  };
}

function machineOf(domain: string | undefined, domains: ReadonlyMap<string, string> | undefined): string {
  if (domain === undefined) return EXISTING;
  return domains === undefined ? "unknown" : (domains.get(domain) ?? "absent");
}

/** In place of libvirt's state, for an existing host. */
const EXISTING = "existing";

/** A libvirt that does not answer is not a fault of the machine: SSH shows whether it runs. */
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
  return host.ports.flatMap((port) =>
    waysOf(port).map((way) => {
      const { segment, vni, udpPort } = port;
      const found = facts?.ports?.get(way.port);
      return {
        host: host.name,
        to: way.host,
        remote: way.address,
        segment,
        vni,
        udpPort,
        port: way.port,
        ofport: found?.ofport ?? null,
        error: found === undefined ? null : found.error,
        missing: facts?.ports !== undefined && found === undefined,
        ok: good.has(`tunnel/${host.name}/${way.port}`),
      };
    }),
  );
}

/** A port that leads to all others is one row. */
function waysOf({ flooding, group, tunnels }: PortOutput): PortOutput["tunnels"] {
  const [first] = tunnels;
  if (!isJoint(flooding) || first === undefined) return tunnels;
  const others = tunnels.length === 1 ? first.host : `${tunnels.length} hosts`;
  return [{ port: first.port, host: others, address: group ?? "by flows" }];
}
