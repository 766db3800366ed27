import { gatewayOf, memberFault, usableRange } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import { checkExisting } from "./check-existing";
import { isMisplaced } from "./check-place";
import { underlayClash } from "../underlay/check";
import { bridgeNameOf, imageKindOf, memoryOf, vcpusOf } from "../../plan/defaults";
import { bridgeNameFault, hostNameFault, MAX_INTERFACE_NAME } from "../../plan/names";
import { IpFamily } from "../../plan/mtu";
import { readAddress, readInterface } from "../../plan/read-address";
import { checkInteger, pathOf, repeated, sortedEntries } from "../../plan/rules";
import { ImageKind } from "../../plan/types";
import type { HostSpec, Problem, Topology } from "../../plan/types";
import { labFamily, underlayAt, underlaysOf } from "../underlay/underlays";
import type { Underlay } from "../underlay/underlays";

const MIN_MEMORY: Readonly<Record<ImageKind, number>> = {
  [ImageKind.Golden]: 128,
  [ImageKind.Docker]: 256,
  [ImageKind.Cloud]: 512,
};
/** 1 TiB: more is a slip of units. */
const MAX_MEMORY = 1024 * 1024;
const MAX_VCPUS = 64;

export function checkHosts(topology: Topology): Problem[] {
  const hosts = sortedEntries(topology.hosts);
  if (hosts.length === 0) {
    const cure = "Write at least one host, for example: kvm1: { address: 192.168.10.156 }.";
    return [{ path: "hosts", got: topology.hosts, message: "A lab needs a host.", cure }];
  }
  const misplaced = isMisplaced(topology);
  return [
    ...hosts.flatMap(([name, host]) => checkHost(topology, name, host, misplaced)),
    ...repeated(addressClaims(hosts), "This address", "Give each host an address of its own."),
  ];
}

/** @param misplaced the underlay is to blame for the machines' addresses, which then are not looked at */
function checkHost(topology: Topology, name: string, host: HostSpec, misplaced: boolean): Problem[] {
  const at = (key: string) => pathOf("hosts", name, key);
  const kind = imageKindOf(topology);
  const memory = { min: MIN_MEMORY[kind] ?? MIN_MEMORY[ImageKind.Golden], max: MAX_MEMORY, unit: "MiB" };
  const nameFault = hostNameFault(name);
  const cure = "Rename the host, for example kvm1.";
  return [
    ...(nameFault === undefined
      ? []
      : [{ path: pathOf("hosts", name), got: name, message: nameFault, cure }]),
    ...(misplaced && host.existing === undefined ? [] : checkAddress(topology, at("address"), host)),
    ...(host.existing === undefined ? [] : checkExisting(at("existing"), host.existing, host)),
    ...checkBridgeAddress(topology, at("bridgeAddress"), host.bridgeAddress),
    ...checkBridgeName(at("bridge"), bridgeNameOf(host)),
    ...checkGuard(at("guard"), host.guard),
    ...(host.memory === undefined || host.existing !== undefined
      ? []
      : checkInteger(at("memory"), memoryOf(host, kind), { ...memory, why: `for a ${kind} image` })),
    ...(host.existing === undefined
      ? checkInteger(at("vcpus"), vcpusOf(host), { min: 1, max: MAX_VCPUS, unit: "CPUs" })
      : []),
  ];
}

function checkGuard(path: string, got: unknown): Problem[] {
  if (got === undefined || typeof got === "boolean") return [];
  const cure = "Write guard: false to switch the host guard off, or leave it out.";
  return [{ path, got, message: "Is not true or false.", cure }];
}

function checkAddress(topology: Topology, path: string, host: HostSpec): Problem[] {
  const got = host.address;
  const underlays = underlaysOf(topology);
  const read = readAddress(got, labFamily(topology));
  const fault = read.fault ?? placeFault(underlays, read.value, host.existing !== undefined);
  const own = "Write the address of its interface to the other hosts.";
  const cure = host.existing === undefined ? rangesOf(underlays) : own;
  return fault === undefined ? [] : [{ path, got, message: fault, cure }];
}

function rangesOf(underlays: readonly Underlay[]): string {
  const ranges = underlays.flatMap(({ subnet }) => (subnet === undefined ? [] : [usableRange(subnet, 1n)]));
  return `Write a free address of ${ranges.join(", or of ") || "the underlay"}.`;
}

/** An existing host may be anywhere; inside an underlay it is held to the same rules as a machine. */
function placeFault(underlays: readonly Underlay[], address: bigint, existing: boolean): string | undefined {
  const subnet = underlayAt(underlays, address)?.subnet;
  if (subnet !== undefined) return underlayFault(subnet, address);
  const known = underlays.flatMap((underlay) => underlay.subnet ?? []);
  if (existing || known.length < underlays.length) return undefined;
  return known.length === 1 ? `Is outside ${known[0]?.cidr}.` : "Is in none of the underlays.";
}

function underlayFault(underlay: Subnet, address: bigint): string | undefined {
  if (address !== gatewayOf(underlay)) return memberFault(underlay, address);
  return `Is the gateway of ${underlay.cidr}: its first usable address belongs to the hypervisor.`;
}

function checkBridgeAddress(topology: Topology, path: string, got: unknown): Problem[] {
  if (got === undefined) return [];
  const read = readInterface(got, IpFamily.V4);
  const cure = "Write an address with prefix length, for example 10.1.2.10/24, or leave it out.";
  if (read.fault !== undefined) return [{ path, got, message: read.fault, cure }];
  const { address, subnet } = read.value;
  const fault = memberFault(subnet, address);
  const wrong = fault === undefined ? [] : [{ path, got, message: fault, cure }];
  return [...wrong, ...underlayClash(topology, path, got, subnet)];
}

function checkBridgeName(path: string, got: unknown): Problem[] {
  const fault = bridgeNameFault(got);
  const cure = `Write a name such as vxbr, at most ${MAX_INTERFACE_NAME} bytes, or leave it out.`;
  return fault === undefined ? [] : [{ path, got, message: fault, cure }];
}

function addressClaims(hosts: readonly [string, HostSpec][]) {
  return hosts.flatMap(([name, { address }]) => {
    const { value } = readAddress(address);
    return value === undefined ? [] : [{ path: pathOf("hosts", name, "address"), got: address, key: value }];
  });
}
