/** From the lab as readers use it to the stack output `lab`, and back (contract.ts). */
import {
  HostOutput,
  LabFacts,
  LAB_SCHEMA,
  LabOutput,
  PortOutput,
  PublishedHost,
  PublishedLab,
} from "./contract";
import { serviceName } from "./names";
import { compareText } from "./rules";
import type { ListedSections, PublishedSections, SectionFacts, SectionName } from "./section-types";
import { ofSome } from "./sections";

/** The lab as its stack publishes it. */
export function publishedLab(lab: LabOutput): PublishedLab {
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
    ...factsOf(lab),
    ...keyedSections(lab),
    underlays: keyed(lab.underlays, nameOf),
    hosts: keyed(hosts, nameOf),
    containers: keyed(lab.containers, nameOf),
    services: keyed(lab.services, serviceName),
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
  const lab = output as PublishedLab;
  const { underlays, hosts, containers, services } = lab;
  return {
    ...factsOf(lab),
    ...listedSections(lab),
    underlays: listed(underlays, nameOf),
    hosts: listed(hosts, nameOf).map(listedHost),
    containers: listed(containers, nameOf),
    services: listed(services, serviceName),
  };
}

const factsOf = ({ schema, id, family, image }: LabFacts): LabFacts => ({ schema, id, family, image });

const nameOf = ({ name }: { name: string }): string => name;

function keyedSections(lab: ListedSections): PublishedSections {
  return ofSome<"keyed">(
    <Name extends SectionName>(_: unknown, name: Name) =>
      lab[name] && keyed<SectionFacts<Name>>(lab[name], nameOf),
  );
}

/** What vxlab has published is as it was planned, though the types of the output say less. */
function listedSections(lab: PublishedSections): ListedSections {
  return ofSome<"listed">(
    <Name extends SectionName>(_: unknown, name: Name) =>
      lab[name] && listed(lab[name] as Record<string, SectionFacts<Name>>, nameOf),
  );
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
