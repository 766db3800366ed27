import { gatewayOf, memberFault, readAddress, readInterface, usableRange } from "./addresses";
import type { Subnet } from "./addresses";
import { underlayClash, underlaySubnet } from "./check-underlay";
import { bridgeNameOf, imageKindOf, memoryOf, vcpusOf } from "./defaults";
import { bridgeNameFault, hostNameFault, MAX_INTERFACE_NAME } from "./names";
import { checkInteger, pathOf, repeated, sortedEntries } from "./rules";
import { ImageKind } from "./types";
import type { HostSpec, Problem, Topology } from "./types";

const MIN_MEMORY: Readonly<Record<ImageKind, number>> = { [ImageKind.Golden]: 128, [ImageKind.Cloud]: 512 };
/** 1 TiB: more is a slip of units. */
const MAX_MEMORY = 1024 * 1024;
const MAX_VCPUS = 64;

export function checkHosts(topology: Topology): Problem[] {
  const hosts = sortedEntries(topology.hosts);
  if (hosts.length === 0) {
    const cure = "Write at least one host, for example: kvm1: { address: 192.168.10.156 }.";
    return [{ path: "hosts", got: topology.hosts, message: "A lab needs a host.", cure }];
  }
  return [
    ...hosts.flatMap(([name, host]) => checkHost(topology, name, host)),
    ...repeated(addressClaims(hosts), "This address", "Give each host an address of its own."),
  ];
}

function checkHost(topology: Topology, name: string, host: HostSpec): Problem[] {
  const at = (key: string) => pathOf("hosts", name, key);
  const kind = imageKindOf(topology);
  const memory = { min: MIN_MEMORY[kind] ?? MIN_MEMORY[ImageKind.Golden], max: MAX_MEMORY, unit: "MiB" };
  const nameFault = hostNameFault(name);
  const cure = "Rename the host, for example kvm1.";
  return [
    ...(nameFault === undefined
      ? []
      : [{ path: pathOf("hosts", name), got: name, message: nameFault, cure }]),
    ...checkAddress(topology, at("address"), host.address),
    ...checkBridgeAddress(topology, at("bridgeAddress"), host.bridgeAddress),
    ...checkBridgeName(at("bridge"), bridgeNameOf(host)),
    ...(host.memory === undefined
      ? []
      : checkInteger(at("memory"), memoryOf(host, kind), { ...memory, why: `for a ${kind} image` })),
    ...checkInteger(at("vcpus"), vcpusOf(host), { min: 1, max: MAX_VCPUS, unit: "CPUs" }),
  ];
}

function checkAddress(topology: Topology, path: string, got: unknown): Problem[] {
  const underlay = underlaySubnet(topology);
  const read = readAddress(got);
  const range = underlay === undefined ? "the underlay" : usableRange(underlay, 1);
  const cure = `Write a free address of ${range}.`;
  const fault = read.fault ?? (underlay && underlayFault(underlay, read.value));
  return fault === undefined ? [] : [{ path, got, message: fault, cure }];
}

function underlayFault(underlay: Subnet, address: number): string | undefined {
  if (address !== gatewayOf(underlay)) return memberFault(underlay, address);
  return `Is the gateway of ${underlay.cidr}: its first usable address belongs to the hypervisor.`;
}

function checkBridgeAddress(topology: Topology, path: string, got: unknown): Problem[] {
  if (got === undefined) return [];
  const read = readInterface(got);
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
