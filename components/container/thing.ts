/** The desired state of a container, as its host gets it. */
import { allowedSources, ownNetworks } from "../port-security/plan";
import type { Sender } from "../port-security/plan";
import { assumedMtu } from "../segment/mtu";
import { CONTAINER_KINDS, CONTAINER_WORDS } from "./kinds";
import type { ContainerKind } from "./kinds";
import type { KindSettings } from "./kinds/spec";
import { INTERFACE } from "./spec";
import type { PortProtocol } from "./spec-inside";
import type { ThingKind } from "../../plan/thing";
import { containerWords } from "./words";
import { nicName } from "../../plan/names";

export const container: ThingKind = {
  scripts: [
    ...["guest", "content", "routing", "published"].map((name) => `components/container/${name}.sh`),
    ...CONTAINER_WORDS.flatMap((word) =>
      CONTAINER_KINDS[word].scripts.map((script) => `components/container/kinds/${word}/${script}`),
    ),
  ],
  on: ({ containers }, host) => containers.filter((box) => box.host === host.name).map(({ name }) => name),
  words: containerWords,
};

/** Each kind adds its own fields (kinds/<kind>/kind.ts). */
export interface ContainerState {
  name: string;
  kind: ContainerKind;
  /** First process; empty: the image's. */
  command: string[];
  interfaces: InterfaceState[];
  /** Left out if there are none, as are the next fields, so that the states of existing containers do not change. */
  files?: FileState[];
  exec?: ExecState[];
  /** Beside the interfaces' gateways. */
  routes?: RouteState[];
  /** In the order in which they are set. */
  sysctls?: SysctlState[];
  /** Ports of the host that lead to it. */
  published?: PublishedState;
}

/** How packets to ports of the host reach a container in any segment. */
export interface PublishedState {
  /** The host's end of a veth pair of its own; the other one is `ports` in the container. */
  device: string;
  /** Address of the container's end, IPv4. */
  own: string;
  /** The host's address, where the ports are. */
  address: string;
  ports: { port: number; to: number; protocol: PortProtocol }[];
}

interface RouteState {
  /** Network with prefix length. */
  to: string;
  /** Address of the router. */
  via: string;
}

interface SysctlState {
  /** Path below /proc/sys. */
  name: string;
  value: string;
}

/** Secrets, which are sent and stored apart from a container's state. */
export interface Secrets {
  /** Environment variables, NAME=VALUE. */
  env?: string[];
  /** What the files hold, in their order, base64. */
  contents?: string[];
}

/** A file inside. */
export interface FileState {
  path: string;
  mode: string;
  owner: string;
  sha256: string;
}

/** A command that runs inside after a change. */
interface ExecState {
  command: string[];
  /** Seconds. */
  timeout: number;
}

/** An interface inside, and its other end on the host. */
export interface InterfaceState {
  /** eth0, eth1, … */
  name: string;
  bridge: string;
  /** Its end on the host. */
  veth: string;
  mac: string;
  mtu: number;
  /** With prefix length. */
  addresses: string[];
  dhcp: boolean;
  gateway: string | null;
  vlan: number | null;
  trunk: TaggedState[];
  /** Allowed source prefixes of untagged frames; null: no port security. */
  sources: string[] | null;
  /** A router's: networks whose packets it forwards. Left out where there are none, as `routes`. */
  forwards?: string[];
  /** Networks inside these that it must not forward from: those of its own segment, whose addresses other containers have. */
  within?: string[];
}

/** A tagged segment on a trunk. */
interface TaggedState {
  vlan: number;
  addresses: string[];
  mtu: number;
  /** Allowed source prefixes of frames with this tag; null: no port security. */
  sources: string[] | null;
  /** As an interface's. */
  forwards?: string[];
  within?: string[];
}

/** What an interface is made from: ContainerInterfaceArgs, resolved. */
export interface InterfaceWanted extends Pick<InterfaceState, "bridge" | "veth" | "mac"> {
  addresses?: string[];
  dhcp?: boolean;
  gateway?: string;
  mtu?: number;
  vlan?: number;
  trunk?: TaggedWanted[];
  portSecurity?: boolean;
  dhcpRange?: { first: string; last: string };
  forwards?: string[];
}

interface TaggedWanted {
  vlan: number;
  addresses?: string[];
  mtu?: number;
  portSecurity?: boolean;
  forwards?: string[];
}

/** What a container is made from; `archive` is the SHA-256 of the file. */
interface ContainerWanted extends Omit<KindSettings, "env"> {
  name: string;
  command?: string[];
  interfaces: InterfaceWanted[];
  files?: FileState[];
  exec?: ExecState[];
  routes?: RouteState[];
  sysctls?: SysctlState[];
  published?: PublishedState;
}

/** The function that makes the desired state, by kind. */
export const containerState =
  (kind: ContainerKind) =>
  ({
    name,
    command,
    interfaces,
    files = [],
    exec = [],
    routes = [],
    sysctls = [],
    published,
    ...own
  }: ContainerWanted): ContainerState => ({
    ...{ name, kind, ...CONTAINER_KINDS[kind].state(own) },
    command: command ?? [...CONTAINER_KINDS[kind].command],
    interfaces: interfacesState(interfaces),
    ...(files.length === 0 ? {} : { files }),
    ...(exec.length === 0 ? {} : { exec }),
    ...(routes.length === 0 ? {} : { routes }),
    ...(sysctls.length === 0 ? {} : { sysctls }),
    ...(published === undefined ? {} : { published }),
  });

function interfacesState(wanted: InterfaceWanted[]): InterfaceState[] {
  return wanted.map(
    ({ mtu = assumedMtu(), trunk = [], portSecurity = INTERFACE.portSecurity.default, ...nic }, index) => ({
      name: nicName(index),
      ...{ bridge: nic.bridge, veth: nic.veth, mac: nic.mac, mtu },
      addresses: nic.addresses ?? [],
      dhcp: nic.dhcp ?? false,
      gateway: nic.gateway ?? null,
      vlan: nic.vlan ?? null,
      trunk: trunk.map((tagged) => taggedState(tagged, nic.mac, mtu, portSecurity)),
      sources: untaggedSources(nic, trunk, portSecurity),
      ...(trunk.length === 0 && portSecurity ? forwardsState(nic) : {}),
    }),
  );
}

function taggedState(tagged: TaggedWanted, mac: string, mtu: number, portSecurity: boolean): TaggedState {
  const { vlan, addresses = [] } = tagged;
  const secured = tagged.portSecurity ?? portSecurity;
  return {
    ...{ vlan, addresses, mtu: tagged.mtu ?? mtu },
    sources: secured ? allowedSources({ mac, addresses }) : null,
    ...(secured ? forwardsState(tagged) : {}),
  };
}

/** A router must not forward packets with sources of a segment into that same segment, unless the setting says so. */
function forwardsState({ forwards = [], addresses = [] }: Pick<InterfaceWanted, "forwards" | "addresses">) {
  if (forwards.length === 0) return {};
  const within = ownNetworks(forwards, addresses);
  return { forwards, ...(within.length === 0 ? {} : { within }) };
}

/** A trunk has port security when one of its VLANs has it, and carries nothing untagged. */
function untaggedSources(
  nic: InterfaceWanted,
  trunk: readonly TaggedWanted[],
  portSecurity: boolean,
): string[] | null {
  if (trunk.length > 0) return trunk.some((tagged) => tagged.portSecurity ?? portSecurity) ? [] : null;
  return portSecurity ? allowedSources(senderOf(nic)) : null;
}

function senderOf({ mac, addresses = [], dhcp = false, dhcpRange: range }: InterfaceWanted): Sender {
  return { mac, addresses, dhcp, ...(range === undefined ? {} : { range }) };
}

/** Addresses of all interfaces, with prefix length. */
export function addressesOf({ interfaces }: ContainerState): string[] {
  return interfaces.flatMap(({ addresses, trunk }) => [
    ...addresses,
    ...trunk.flatMap((tagged) => tagged.addresses),
  ]);
}
