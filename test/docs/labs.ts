/** The labs that docs/ has pictures of. */
import type { LabOutput } from "../../plan/contract";
import { Flooding } from "../../plan/types";
import type { SegmentSpec } from "../../plan/types";
import { labOf, referenceLab } from "../cli/fixture";
import { reference } from "../plan/reference";

/** Three hosts with a container each, in one segment. */
function threeHosts(spec: Omit<SegmentSpec, "vni" | "subnet">): LabOutput {
  const names = ["kvm1", "kvm2", "kvm3"];
  const each = <T>(make: (name: string, number: number) => [string, T]) =>
    Object.fromEntries(names.map((name, index) => make(name, index + 1)));
  const { underlay, image } = reference();
  return labOf({
    ...{ underlay, image },
    hosts: each((name, number) => [name, { address: `192.168.10.1${number}` }]),
    segments: { red: { vni: 100, subnet: "10.0.3.0/24", ...spec } },
    containers: each((host, number) => [`c${number}`, { host, address: `10.0.3.1${number}/24` }]),
  });
}

/** By file in docs/. */
export const PICTURES: Readonly<Record<string, () => LabOutput>> = {
  "lab.svg": referenceLab,
  "pictures/unicast.svg": () => threeHosts({}),
  "pictures/hub.svg": () => threeHosts({ hub: "kvm1" }),
  "pictures/multicast.svg": () => threeHosts({ flooding: Flooding.Multicast }),
  "pictures/flow.svg": () => threeHosts({ flooding: Flooding.Flow }),
  "pictures/evpn.svg": () => threeHosts({ flooding: Flooding.Evpn }),
};
