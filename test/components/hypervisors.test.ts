/** Hosts on several hypervisors, and hosts that exist already, in one lab. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Accel, Flooding } from "../../plan/types";
import type { Topology } from "../../plan/types";
import { planLab } from "../../plan/plan";
import type { Registered } from "./world";
import { deploy } from "./world";
import { temporary } from "../lib/temporary";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEDl5/XFGAX1Mrg15VRkw5K2qyxVsX3Z87bSWnbttmGL";
const FAR = "qemu+ssh://root@far/system";
const folder = temporary("keys");
const keyFile = join(folder, "id");
writeFileSync(keyFile, "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n");

const topology: Topology = {
  underlay: {},
  underlays: {
    near: { cidr: "192.168.10.0/24" },
    nearer: { cidr: "192.168.11.0/24" },
    far: { cidr: "192.168.12.0/24", libvirtUri: FAR, accel: Accel.Kvm },
  },
  image: {},
  hosts: {
    h1: { address: "192.168.10.11" },
    h2: { address: "192.168.11.11" },
    h3: { address: "192.168.12.11" },
    srv: { address: "192.168.99.1", existing: { hostKey: KEY, keyFile } },
  },
  segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
  containers: { c1: { host: "srv", address: "10.0.3.10/24" } },
};

async function lab(change: Partial<Topology> = {}): Promise<Registered[]> {
  const { VxlanLab } = await import("../../components");
  const args = { topology: { ...topology, ...change }, image: { version: "1", root: "/i" } };
  return deploy(() => new VxlanLab("lab", { ...args, accel: Accel.Emulated, libvirtUri: "qemu:///system" }));
}

const namesOf = (all: Registered[], type: string): string[] =>
  all
    .filter((one) => one.type.endsWith(type))
    .map(({ name }) => name)
    .sort();

describe("a lab on two hypervisors", () => {
  let all: Registered[];
  beforeAll(async () => (all = await lab()));
  const one = (name: string) => all.find((found) => found.name === name)?.inputs ?? {};

  it("has one provider and one image on each, however many networks are there", () => {
    expect(namesOf(all, "providers:libvirt")).toEqual(["lab-far-libvirt", "lab-libvirt"]);
    expect(one("lab-far-libvirt")["uri"]).toBe(FAR);
    expect(namesOf(all, ":GuestImage")).toEqual(["lab-far-image", "lab-image"]);
    expect(namesOf(all, ":Network")).toEqual(["lab-far-net", "lab-near-net", "lab-nearer-net"]);
  });

  it("runs machines on each as it says", () => {
    expect(["h1", "h3"].map((host) => one(`lab-${host}-domain`)["type"])).toEqual(["qemu", "kvm"]);
    expect(one("lab-h3-domain")["xml"]).toBeUndefined();
  });

  it("keeps two networks of one hypervisor apart by their names", () => {
    expect(one("lab-near-net")["name"]).toBe("vxlab-00c0ffee-near");
    expect(one("lab-nearer-net")["name"]).toBe("vxlab-00c0ffee-nearer");
  });

  it("plugs each machine into its own network, and boots it from its own hypervisor's image", () => {
    const plugged = ["h1", "h2", "h3"].map((host) => {
      const { networkInterfaces, disks } = one(`lab-${host}-domain`) as Record<
        string,
        Record<string, string>[]
      >;
      return [networkInterfaces?.[0]?.["networkId"], disks?.[0]?.["volumeId"]];
    });
    expect(plugged).toEqual([
      ["lab-near-net-id", "lab-h1-root-id"],
      ["lab-nearer-net-id", "lab-h2-root-id"],
      ["lab-far-net-id", "lab-h3-root-id"],
    ]);
    expect(one("lab-h1-root")["baseVolumeId"]).toBe("lab-image-root-id");
    expect(one("lab-h3-root")["baseVolumeId"]).toBe("lab-far-image-root-id");
  });

  it("reaches an existing host by its own key, and makes nothing of it", () => {
    const [check] = all.filter(({ name }) => name === "lab-srv-check");
    expect(check?.inputs["connection"]).toMatchObject({ host: "192.168.99.1", hostKey: KEY, user: "root" });
    expect(namesOf(all, ":Domain")).toEqual(["lab-h1-domain", "lab-h2-domain", "lab-h3-domain"]);
    const inside = all.filter(({ name }) => /^lab-(srv-(vxbr|red)|c1)-step$/.test(name));
    expect(inside.map(({ deletedWith }) => deletedWith)).toEqual(["", "", ""]);
  });
});

describe("without mkisofs where Pulumi runs", () => {
  const image = { version: "1", root: "/i" };
  const said =
    /missing; nothing was changed\.\s+PATH: got .*\s+mkisofs is not installed.*\s+.*apt-get install genisoimage/;

  /** With a PATH that leads to nothing. */
  async function without(program: () => unknown, preview = false): Promise<Registered[]> {
    const path = process.env["PATH"];
    process.env["PATH"] = folder;
    try {
      return await deploy(program, { preview });
    } finally {
      process.env["PATH"] = path;
    }
  }

  it("a lab and an underlay are refused with the cure, in the preview", async () => {
    const { VxlanLab, VxlanUnderlay } = await import("../../components");
    for (const Kind of [VxlanLab, VxlanUnderlay])
      await expect(without(() => new Kind("lab", { topology, image }), true)).rejects.toThrow(said);
  });

  it("nothing is declared", async () => {
    const { KvmHost } = await import("../../components");
    const { declareMachines } = await import("../../components/lab/machines");
    const plan = planLab(topology, { lab: "lab" });
    const host = { labId: "00c0ffee", address: "192.168.10.5/24", mac: "02:00:00:00:00:01", networkId: "n" };
    const made = await without(() => {
      expect(() => declareMachines("lab", { image }, plan, undefined as never)).toThrow(said);
      expect(() => new KvmHost("h", { ...host, image: { pool: "p", rootVolumeId: "v" } })).toThrow(said);
    });
    expect(made.filter(({ type }) => !type.startsWith("vxlab:"))).toEqual([]);
  });

  it("hosts that exist already are no reason to refuse anything", async () => {
    const { VxlanLab } = await import("../../components");
    const { srv } = topology.hosts;
    const alone = { ...topology, underlays: undefined, hosts: { srv } as Topology["hosts"] };
    const all = await without(() => new VxlanLab("lab", { topology: alone, image }));
    expect(namesOf(all, ":ExistingHost")).toEqual(["lab-srv"]);
  });
});

describe("what an existing host is asked for", () => {
  /** The way to each decides which interface's MTU counts. */
  const OTHERS = "to:192.168.10.11 to:192.168.11.11 to:192.168.12.11";
  async function asked(change: Partial<Topology>): Promise<[first: string | undefined, shown: unknown]> {
    const all = await lab(change);
    const of = (name: string) => all.find((found) => found.name === name)?.inputs ?? {};
    const { mtu, needs } = of("lab-srv");
    const [first] = String(of("lab-srv-check")["stdin"]).split("\n");
    return [first, { mtu, needs }];
  }
  const red = { vni: 100, subnet: "10.0.3.0/24" };

  it("is the largest packet of its segments, and what is put on it", async () => {
    expect(await asked({})).toEqual([`1500 192.168.99.1 guard ${OTHERS}`, { mtu: 1500, needs: ["guard"] }]);
    const segments = {
      red: { ...red, mtu: 1350, flooding: Flooding.Flow, gateway: { host: "srv" } },
      blue: { vni: 200, vlan: 20, subnet: "10.0.4.0/24", mtu: 1300, dhcp: { host: "h1" } },
    };
    const containers = { c1: { host: "srv", segment: "red" } };
    const needs = ["gateway", "flow", "guard"];
    expect(await asked({ segments, containers })).toEqual([
      `1400 192.168.99.1 gateway flow guard ${OTHERS}`,
      { mtu: 1400, needs },
    ]);
  });

  it("follows the underlay", async () => {
    const { near, nearer, far } = topology.underlays ?? {};
    const mtu = 9000;
    const underlays = { near: { ...near, mtu }, nearer: { ...nearer, mtu }, far: { ...far, mtu } };
    expect((await asked({ underlays }))[0]).toBe(`9000 192.168.99.1 guard ${OTHERS}`);
  });
});

describe("a lab of existing hosts alone", () => {
  it("needs no libvirt and no secret", async () => {
    const { srv } = topology.hosts;
    const all = await lab({ underlays: undefined, hosts: { srv: srv } });
    const types = all.map(({ type }) => type).filter((type) => /libvirt|Password|GuestImage/.test(type));
    expect(types).toEqual([]);
  });

  it("is refused when its key cannot be read", async () => {
    const srv = { address: "192.168.99.1", existing: { hostKey: KEY, keyFile: "/no/such/key" } };
    await expect(lab({ underlays: undefined, hosts: { srv } })).rejects.toThrow(
      /\/no\/such\/key cannot be read/,
    );
  });
});
