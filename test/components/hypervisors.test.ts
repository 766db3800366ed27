/** Hosts on several hypervisors, and hosts that exist already, in one lab. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Accel } from "../../plan/types";
import type { Topology } from "../../plan/types";
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
  return deploy(() => new VxlanLab("lab", { ...args, accel: Accel.Emulated, libvirtUri: "test:///default" }));
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
