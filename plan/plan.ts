import { addressText, gatewayOf } from "./addresses";
import { checkLab } from "./check";
import { imageKindOf, nameserversOf } from "./defaults";
import { TopologyError } from "./errors";
import { addressBook } from "./ipam";
import { checked } from "./must";
import { planContainer } from "../components/container/plan";
import { planHosts } from "../components/host/plan";
import { planServices } from "../components/service/plan";
import { readAddress } from "./read-address";
import { sortedEntries } from "./rules";
import type { ImageSpec, LabPlan, Topology, UnderlayPlan } from "./types";
import { labFamily, underlaysOf } from "../components/underlay/underlays";
import type { Underlay } from "../components/underlay/underlays";

/** What a topology leaves open: what makes computed addresses differ from another lab's, and where it runs. */
export interface LabIdentity {
  /** A name that stays the same for the lab's whole life, such as `project/stack`. */
  lab: string;
  /** The hypervisor of underlays that name none. @default taken for this machine */
  libvirtUri?: string;
}

/**
 * Decides the whole lab. Same input, same plan; whatever is computed for a thing depends on that thing alone.
 *
 * @throws TopologyError with everything that is wrong
 * @example
 * ```ts
 * const hosts = { kvm1: { address: "192.168.10.11" } };
 * const topology = { underlay: {}, image: {}, hosts, segments: {}, containers: {} };
 * const [kvm1] = planLab(topology, { lab: "demo" }).hosts; // kvm1.mac, kvm1.bridge, …
 * ```
 */
export function planLab(topology: Topology, { lab, libvirtUri }: LabIdentity): LabPlan {
  const problems = checkLab(topology, lab, libvirtUri);
  if (problems.length > 0) throw new TopologyError(problems);
  const book = addressBook(topology);
  const containers = sortedEntries(topology.containers).map(([name, spec]) =>
    planContainer(topology, lab, book, name, spec),
  );
  const services = planServices(topology, lab);
  return {
    family: labFamily(topology),
    underlays: underlaysOf(topology).map(planUnderlay),
    image: planImage(topology.image, topology),
    hosts: planHosts(topology, lab, containers, services),
    containers,
    services,
  };
}

function planUnderlay({ name, spec, subnet: read, mtu, mode, libvirtUri, accel }: Underlay): UnderlayPlan {
  const subnet = checked(read);
  const gateway = addressText(gatewayOf(subnet));
  const { cidr, prefix } = subnet;
  return {
    ...{ name, cidr, prefix, gateway, mtu, mode },
    nameservers: nameserversOf(spec, mode, gateway).map(spelled),
    ...(libvirtUri === undefined ? {} : { libvirtUri }),
    ...(accel === undefined ? {} : { accel }),
  };
}

/** In one spelling, as every address of a plan. */
function spelled(address: string): string {
  return addressText(checked(readAddress(address).value));
}

function planImage({ path }: ImageSpec, topology: Topology): LabPlan["image"] {
  return { kind: imageKindOf(topology), ...(path === undefined ? {} : { path }) };
}
