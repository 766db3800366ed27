/** What the steps of containers are told to let out, and what a preview shows of it. */
import { describe, expect, it } from "vitest";
import { Accel } from "../../plan/types";
import type { SegmentSpec, Topology } from "../../plan/types";
import { deploy, type Registered } from "./world";

const image = { version: "1", root: "/i/root.qcow2", kernel: "/i/vmlinuz", initrd: "/i/initrd", cmdline: "" };
const lan: SegmentSpec = {
  vni: 100,
  subnet: "10.0.3.0/24",
  dhcp: { host: "kvm1", first: "10.0.3.200", last: "10.0.3.203" },
};
const host = { address: "10.9.9.9", hostKey: "ssh-ed25519 AAAA", privateKey: "x" };

interface Nic {
  mac: string;
  sources: string[] | null;
  trunk: { vlan: number; sources: string[] | null }[];
}

async function lab(
  containers: Topology["containers"],
  segments: Topology["segments"] = { lan },
): Promise<Registered[]> {
  const { VxlanLab } = await import("../../components");
  const topology = {
    underlay: {},
    image: {},
    hosts: { kvm1: { address: "192.168.10.156" } },
    segments,
    containers,
  };
  return deploy(
    () => new VxlanLab("lab", { topology, image, accel: Accel.Emulated, libvirtUri: "qemu:///system" }),
  );
}

async function alone(kind: "LxcContainer" | "DockerContainer", nics: object[]): Promise<Registered[]> {
  const components = await import("../../components");
  const args = { host, labId: "1", interfaces: nics as never, image: "alpine:3.20" };
  return deploy(() => new components[kind]("c1", args));
}

const found = (all: Registered[], name: string) => all.find((one) => one.name === name)?.inputs ?? {};
const told = (all: Registered[], name: string) =>
  (JSON.parse(String(found(all, `${name}-step`)["stdin"])) as { state: { interfaces: Nic[] } }).state
    .interfaces;
const shown = (all: Registered[], name: string) =>
  found(all, name)["interfaces"] as Record<string, unknown>[];

describe("a lab's containers", () => {
  it("are told their sources, of which a preview shows nothing beside what makes them", async () => {
    const all = await lab({ c1: { host: "kvm1", address: "10.0.3.10/24", mac: "02:00:00:00:00:01" } });
    expect(told(all, "lab-c1")[0]?.sources).toEqual(["10.0.3.10/32", "fe80::ff:fe00:1/128"]);
    expect(Object.keys(shown(all, "lab-c1")[0] ?? {}).sort()).toEqual([
      "addresses",
      "bridge",
      "mac",
      "mtu",
      "veth",
    ]);
  });

  it("that are lent an address are told what is lent", async () => {
    const all = await lab({ c1: { host: "kvm1", address: "dhcp", mac: "02:00:00:00:00:01" } });
    expect(told(all, "lab-c1")[0]?.sources).toEqual(["10.0.3.200/30", "fe80::ff:fe00:1/128"]);
    expect(shown(all, "lab-c1")[0]?.["dhcpRange"]).toEqual({ first: "10.0.3.200", last: "10.0.3.203" });
  });

  it("are told nothing without it, which a preview shows", async () => {
    const all = await lab({
      c1: { host: "kvm1", address: "10.0.3.10/24", portSecurity: false },
      c2: { host: "kvm1", address: "dhcp", portSecurity: false },
    });
    for (const name of ["lab-c1", "lab-c2"]) {
      expect(told(all, name)[0]?.sources).toBeNull();
      expect(shown(all, name)[0]).toMatchObject({ portSecurity: false });
      expect(shown(all, name)[0]).not.toHaveProperty("dhcpRange");
    }
  });

  it("on a trunk are told the sources of each VLAN but an open one's", async () => {
    const segments = {
      blue: { vni: 200, subnet: "10.7.0.0/24", vlan: 20 },
      green: { vni: 300, subnet: "10.8.0.0/24", vlan: 30, portSecurity: false },
    };
    const all = await lab({ c1: { host: "kvm1", trunk: ["blue", "green"] } }, segments);
    const [nic] = told(all, "lab-c1");
    expect(nic?.sources).toEqual([]);
    expect(nic?.trunk.map(({ sources }) => sources)).toEqual([
      [expect.stringMatching(/^10\.7\.0\.\d+\/32$/), expect.stringMatching(/^fe80::.*\/128$/)],
      null,
    ]);
    expect(shown(all, "lab-c1")[0]?.["trunk"]).toEqual([
      expect.not.objectContaining({ portSecurity: true }),
      expect.objectContaining({ portSecurity: false }),
    ]);
  });
});

describe.each(["LxcContainer", "DockerContainer"] as const)("%s in a program of its own", (kind) => {
  const nic = { bridge: "vxbr", mac: "02:00:00:00:00:01", veth: "v-c1" };
  const LOCAL = "fe80::ff:fe00:1/128";
  const rows: [string, object, Partial<Nic>][] = [
    ["with an address", { addresses: ["10.0.3.10/24"] }, { sources: ["10.0.3.10/32", LOCAL] }],
    ["with none", {}, { sources: ["0.0.0.0/0", "::/0"] }],
    ["with DHCP", { dhcp: true }, { sources: ["0.0.0.0/0", LOCAL] }],
    [
      "with DHCP and its range",
      { dhcp: true, dhcpRange: { first: "10.0.3.8", last: "10.0.3.15" } },
      { sources: ["10.0.3.8/29", LOCAL] },
    ],
    [
      "with a trunk",
      {
        trunk: [
          { vlan: 20, addresses: ["10.7.0.1/24"] },
          { vlan: 30, portSecurity: false },
        ],
      },
      {
        sources: [],
        trunk: [
          expect.objectContaining({ sources: ["10.7.0.1/32", LOCAL] }),
          expect.objectContaining({ sources: null }),
        ] as never,
      },
    ],
  ];
  it.each(rows)("%s", async (_, more, wanted) =>
    expect(told(await alone(kind, [{ ...nic, ...more }]), "c1")[0]).toMatchObject(wanted),
  );

  it("without port security, on a trunk by its VLANs", async () => {
    const open = await alone(kind, [
      { ...nic, addresses: ["10.0.3.10/24"], portSecurity: false },
      { ...nic, trunk: [{ vlan: 20 }], portSecurity: false },
      { ...nic, trunk: [{ vlan: 20 }, { vlan: 30, portSecurity: true }], portSecurity: false },
    ]);
    const [one, two, three] = told(open, "c1");
    for (const nothing of [one, two, two?.trunk[0], three?.trunk[0]]) expect(nothing?.sources).toBeNull();
    expect([three?.sources, three?.trunk[1]?.sources]).toEqual([[], ["0.0.0.0/0", "::/0"]]);
  });
});
