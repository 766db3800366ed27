/** Hosts, read: machines that libvirt makes, each on an underlay, and hosts that exist already. */
import { gatewayOf, memberFault, usableRange } from "../../plan/addresses";
import type { InterfaceAddress, Subnet } from "../../plan/addresses";
import type { Findings } from "../../plan/findings";
import { computedMac, macFault, MacKind, MAC_CURE, normalMac } from "../../plan/mac";
import { bridgeNameFault, hostNameFault, MAX_INTERFACE_NAME } from "../../plan/names";
import { IpFamily } from "../../plan/net/family";
import { readAddress, readInterface } from "../../plan/read-address";
import type { ResolvedHost, ResolvedTunnel, ResolvedUnderlay, Underlays } from "../../plan/resolved";
import { checkInteger, pathOf, sortedEntries } from "../../plan/rules";
import type { Topology } from "../../plan/settings";
import { simpleValues, without } from "../../plan/values";
import type { At } from "../../plan/values";
import type { ImageKind } from "../image/spec";
import { resolveTunnel } from "../encryption/resolve";
import { underlayAt } from "../underlay/resolve";
import { resolveExisting } from "./resolve-existing";
import { HOST, MEMORY } from "./spec";
import type { HostSpec } from "./spec";

/** Those that every host has. */
const SIMPLE = without(HOST, "memory", "vcpus");

interface Context {
  /** The lab's identity. */
  lab: string;
  underlays: Underlays;
  /** True if the underlay's network was reported instead of the machines' addresses. */
  misplaced: boolean;
  image: ImageKind;
  /** Ends of encrypted tunnels, where other stacks decide them: of every host that has one. */
  tunnels?: ReadonlyMap<string, ResolvedTunnel> | undefined;
}

/** Those with a usable address, sorted by name. */
export function resolveHosts(topology: Topology, context: Context, said: Findings): ResolvedHost[] {
  const hosts = sortedEntries(topology.hosts);
  if (hosts.length === 0) {
    const cure = "Write at least one host, for example: kvm1: { address: 192.168.10.156 }.";
    said.say("hosts", topology.hosts, "A lab needs a host.", cure);
  }
  return hosts.flatMap(([name, spec]) => resolveHost(name, spec, context, said) ?? []);
}

function resolveHost(
  name: string,
  spec: HostSpec,
  context: Context,
  said: Findings,
): ResolvedHost | undefined {
  const at: At = (...keys) => pathOf("hosts", name, ...keys);
  said.sayIf(pathOf("hosts", name), name, hostNameFault(name), "Rename the host, for example kvm1.");
  const address = resolveAddress(spec, at, context, said);
  const reach = spec.existing === undefined ? undefined : resolveExisting(spec.existing, at, said);
  const bridgeAddress = resolveBridgeAddress(at("bridgeAddress"), spec.bridgeAddress, said);
  const bridge = resolveBridgeName(at("bridge"), spec.bridge, said);
  const values = simpleValues(SIMPLE, spec, at, said);
  const encryption = tunnelOf(name, at("address"), spec, address, context, said);
  const shared = {
    ...{ ...values, name, spec, bridge, ...(bridgeAddress === undefined ? {} : { bridgeAddress }) },
    ...(encryption === undefined ? {} : { encryption }),
  };
  if (spec.existing !== undefined) {
    checkIdle(spec, at, said);
    if (address === undefined || reach === undefined) return undefined;
    return {
      ...shared,
      kind: "existing",
      address,
      reach: { ...reach, sshAddress: reach.sshAddress ?? address },
    };
  }
  const memory = resolveMemory(at("memory"), spec.memory, context.image, said);
  const { vcpus } = simpleValues({ vcpus: HOST.vcpus }, spec, at, said);
  const mac = resolveMac(at("mac"), name, spec, context.lab, said);
  const underlay = address === undefined ? undefined : underlayAt(context.underlays.used, address);
  if (address === undefined || underlay === undefined) return undefined;
  return { ...shared, kind: "machine", address, underlay, mac, memory, vcpus };
}

function tunnelOf(
  name: string,
  path: string,
  { address: got }: HostSpec,
  address: bigint | undefined,
  { underlays, tunnels }: Context,
  said: Findings,
): ResolvedTunnel | undefined {
  if (tunnels !== undefined) return tunnels.get(name);
  return address === undefined ? undefined : resolveTunnel(underlays, { path, got, address }, said);
}

function resolveAddress(
  { address: got, existing }: HostSpec,
  at: At,
  { underlays, misplaced }: Context,
  said: Findings,
): bigint | undefined {
  const ours = existing === undefined;
  if (ours && misplaced) return undefined;
  const read = readAddress(got, underlays.family);
  const fault = read.fault ?? placeFault(underlays, read.value, !ours);
  const cure = ours
    ? rangesOf(underlays.used)
    : "Write the address of its interface that leads to the other hosts.";
  said.sayIf(at("address"), got, fault, cure);
  return fault === undefined ? read.value : undefined;
}

function rangesOf(underlays: readonly ResolvedUnderlay[]): string {
  const ranges = underlays.map(({ subnet }) => usableRange(subnet, 1n));
  return `Write a free address of ${ranges.join(", or of ") || "the underlay"}.`;
}

/** An existing host may be anywhere; inside an underlay it is held to the same rules as a machine. */
function placeFault({ used, complete }: Underlays, address: bigint, existing: boolean): string | undefined {
  const subnet = underlayAt(used, address)?.subnet;
  if (subnet !== undefined) return underlayFault(subnet, address);
  if (existing || !complete) return undefined;
  return used.length === 1 ? `Is outside ${used[0]?.subnet.cidr}.` : "Is outside all underlays.";
}

function underlayFault(underlay: Subnet, address: bigint): string | undefined {
  if (address !== gatewayOf(underlay)) return memberFault(underlay, address);
  return `Is the gateway of ${underlay.cidr}: its first usable address belongs to the hypervisor.`;
}

function resolveBridgeAddress(path: string, got: unknown, said: Findings): InterfaceAddress | undefined {
  if (got === undefined) return undefined;
  const cure = "Write an address with prefix length, for example 10.1.2.10/24, or leave it out.";
  const found = said.take(path, got, readInterface(got, IpFamily.V4), cure);
  const fault = found && memberFault(found.subnet, found.address);
  said.sayIf(path, got, fault, cure);
  return fault === undefined ? found : undefined;
}

function resolveBridgeName(path: string, got: string | undefined, said: Findings): string {
  const usual = HOST.bridge.default;
  const name = got ?? usual;
  const fault = bridgeNameFault(name);
  const cure = `Write a name such as ${usual}, at most ${MAX_INTERFACE_NAME} bytes, or leave it out.`;
  said.sayIf(path, got, fault, cure);
  return fault === undefined ? name : usual;
}

/** Settings of machines that libvirt makes. */
function checkIdle({ memory, vcpus, mac }: HostSpec, at: At, said: Findings): void {
  const message = `Has no effect on an existing host (${at("existing")}).`;
  for (const [key, got] of Object.entries({ memory, vcpus, mac }))
    if (got !== undefined) said.say(at(key), got, message, "Leave it out.");
}

function resolveMemory(path: string, got: number | undefined, image: ImageKind, said: Findings): number {
  const { min, default: usual } = MEMORY[image];
  if (got === undefined) return usual;
  const problems = checkInteger(path, got, { ...HOST.memory, min, why: `for a ${image} image` });
  said.add(problems);
  return problems.length === 0 ? got : usual;
}

function resolveMac(path: string, name: string, { mac: got }: HostSpec, lab: string, said: Findings): string {
  const fault = got === undefined ? undefined : macFault(got);
  said.sayIf(path, got, fault, MAC_CURE);
  return normalMac(got !== undefined && fault === undefined ? got : computedMac(lab, MacKind.Machine, name));
}
