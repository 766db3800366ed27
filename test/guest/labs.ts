/** A lab with everything in it, and what the steps of a lab send: planned and declared, on mocks. */
import { type StepKind } from "../../guest/things";
import type { Topology } from "../../plan/types";
import { Accel } from "../../plan/types";
import { deploy } from "../components/world";

/** Each way to flood, a gateway with DHCP, a trunk, a lent address, both kinds of containers. */
export function fabric(lines = "a\nb"): Topology {
  return {
    underlay: {},
    image: { kind: "docker" as never },
    hosts: {
      kvm1: { address: "192.168.10.156", bridgeAddress: "10.1.2.10/24" },
      kvm2: { address: "192.168.10.222" },
      kvm3: { address: "192.168.10.30" },
    },
    segments: {
      red: { vni: 100, subnet: "10.0.3.0/24", subnet6: "fd00:3::/64" },
      blue: {
        ...{ vni: 200, vlan: 20, subnet: "10.0.20.0/24", flooding: "flow" as never, mtu: 1400 },
        ...{ dhcp: { host: "kvm1" }, gateway: { host: "kvm1" } },
      },
      green: { vni: 300, vlan: 30, subnet: "10.0.30.0/24", flooding: "multicast" as never },
    },
    containers: {
      c1: { host: "kvm1", segment: "red", address: "10.0.3.10/24", address6: "fd00:3::10/64" },
      c2: { host: "kvm2", segment: "red", address: "10.0.3.11/24", portSecurity: false },
      lent: { host: "kvm3", segment: "blue", address: "dhcp" },
      two: {
        host: "kvm1",
        interfaces: [
          { segment: "green", address: "10.0.30.8/24" },
          { segment: "red", address: "10.0.3.50/24" },
        ],
      },
      both: { host: "kvm2", interfaces: [{ trunk: ["blue", "green"] }] },
      app: {
        ...{ host: "kvm3", segment: "red", address: "10.0.3.60/24", kind: "docker" as never },
        ...{ image: "vxlab/busybox", env: { GREETING: "it's", LINES: lines } },
      },
    },
  };
}

export interface Sent {
  kind: StepKind;
  /** The step's name. */
  id: string;
  /** VTEP of its host. */
  host: string;
  /** stdin without the tools. */
  lines: string;
}

/** What each step on a host sends. */
export async function sentBy(topology: Topology): Promise<Sent[]> {
  const { VxlanLab } = await import("../../components");
  const image = { version: "abc123", root: "/i/root", kernel: "/i/kernel", initrd: "/i/initrd", cmdline: "" };
  const args = { topology, image, accel: Accel.Emulated, libvirtUri: "qemu:///system" };
  const all = await deploy(() => new VxlanLab("lab", args));
  return all.flatMap(({ name, inputs }) => {
    const kind = /guest remove (\w+)$/.exec(String(inputs["delete"]))?.[1] as StepKind | undefined;
    if (kind === undefined) return [];
    const [envelope = "", second = ""] = String(inputs["stdin"]).split("\n");
    const secrets = kind === "container" && second !== "" ? `\n${second}` : "";
    const { host } = inputs["connection"] as { host: string };
    return [{ kind, id: name.replace(/-step$/, ""), host, lines: envelope + secrets }];
  });
}
