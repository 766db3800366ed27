/** From the lab as readers use it to the stack output `lab`, and back (contract.ts). */
import { HostOutput, LAB_SCHEMA, LabOutput, PortOutput, PublishedHost, PublishedLab } from "./contract";
import { compareText } from "./rules";

/** The lab as its stack publishes it. */
export function publishedLab(lab: LabOutput): PublishedLab {
  const name = (one: { name: string }) => one.name;
  const { impairments, checks, chains, ...rest } = lab;
  const hosts = lab.hosts.map((host): PublishedHost => {
    const { encryption, ...rest } = host;
    const ports = host.ports.map((port) => ({ ...port, tunnels: keyed(port.tunnels, ({ host }) => host) }));
    const peers = encryption && keyed(encryption.peers, (peer) => peer.host);
    return {
      ...{ ...rest, ports: keyed(ports, ({ segment }) => segment) },
      ...(encryption === undefined || peers === undefined ? {} : { encryption: { ...encryption, peers } }),
    };
  });
  return {
    ...rest,
    ...(impairments === undefined ? {} : { impairments: keyed(impairments, name) }),
    underlays: keyed(lab.underlays, name),
    hosts: keyed(hosts, name),
    containers: keyed(lab.containers, name),
    services: keyed(lab.services, ({ segment }) => segment),
    ...(checks === undefined ? {} : { checks: keyed(checks, name) }),
    ...(chains === undefined ? {} : { chains: keyed(chains, name) }),
  };
}

/**
 * Reads a stack output `lab`, whatever vxlab wrote it.
 *
 * @returns undefined when it is not a lab of schema 2 or 3
 * @example
 * ```ts
 * const lab = readLab(await new pulumi.StackReference("organization/lab/a").getOutputValue("lab"));
 * const addresses = lab?.hosts.map(({ address }) => address);
 * ```
 */
export function readLab(output: unknown): LabOutput | undefined {
  const { schema } = (output ?? {}) as { schema?: unknown };
  if (schema !== 2 && schema !== LAB_SCHEMA) return undefined;
  const { underlays, hosts, containers, services, chains, impairments, checks, ...facts } =
    output as PublishedLab;
  return {
    ...facts,
    underlays: listed(underlays, ({ name }) => name),
    hosts: listed(hosts, ({ name }) => name).map(listedHost),
    containers: listed(containers, ({ name }) => name),
    services: listed(services, ({ segment }) => segment),
    ...(chains === undefined ? {} : { chains: listed(chains, ({ name }) => name) }),
    ...(impairments === undefined ? {} : { impairments: listed(impairments, ({ name }) => name) }),
    ...(checks === undefined ? {} : { checks: listed(checks, ({ name }) => name) }),
  };
}

function listedHost({ encryption, ports, ...host }: PublishedHost): HostOutput {
  const peers = encryption && listed(encryption.peers, (peer) => peer.host);
  return {
    ...{ ...host, ports: listedPorts(ports) },
    ...(encryption === undefined || peers === undefined ? {} : { encryption: { ...encryption, peers } }),
  };
}

function listedPorts(ports: PublishedHost["ports"]): PortOutput[] {
  const all = listed(ports, ({ segment }) => segment).map((port) => ({
    ...port,
    tunnels: listed(port.tunnels, ({ host }) => host),
  }));
  return all.sort((a, b) => a.vni - b.vni);
}

function keyed<T>(all: readonly T[], key: (one: T) => string): Record<string, T> {
  return Object.fromEntries(all.map((one) => [key(one), one]));
}

/** Takes the lists of schema 2 as well: their values are their elements. */
function listed<T>(record: Record<string, T> | undefined, key: (one: T) => string): T[] {
  return Object.values(record ?? {}).sort((a, b) => compareText(key(a), key(b)));
}
