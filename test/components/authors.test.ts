/** What a program of one's own may leave out, and what it gets instead. */
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import type { ImageKind } from "../../plan/types";
import type { VtepsOutput } from "../../plan/vteps";
import { MacKind, computedMac } from "../../plan/mac";
import { temporary } from "../lib/temporary";
import type { Registered } from "./world";
import { deploy } from "./world";

const STACK = "organization/vxlab/test";
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEDl5/XFGAX1Mrg15VRkw5K2qyxVsX3Z87bSWnbttmGL";
const image = { pool: "p", rootVolumeId: "v" };
const MACHINE = { address: "192.168.10.156/24", networkId: "n", image, labId: "e0a1" };

const named = (all: Registered[], name: string): Registered => {
  const found = all.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no ${name} among ${all.map((one) => one.name).join(", ")}`);
  return found;
};
const envelope = (step: Registered) =>
  JSON.parse(String(step.inputs["stdin"]).split("\n")[0] ?? "") as Record<string, unknown>;
const stateOf = (step: Registered) => envelope(step)["state"] as Record<string, unknown>;
const steps = (all: Registered[]) => all.filter(({ type }) => type === "command:remote:Command");
const macOf = (kind: MacKind, name: string, number = 0) => computedMac(STACK, kind, name, number);

describe("a thing whose host is a KvmHost", () => {
  let all: Registered[];
  beforeAll(async () => {
    const v = await import("../../components");
    all = await deploy(() => {
      const host = new v.KvmHost("kvm1", MACHINE);
      const { bridge } = new v.OvsBridge("b", { host });
      new v.VxlanPort("red", { host, bridge, vni: 100, remotes: ["192.168.10.222"] });
      new v.SegmentService("gw", { host, bridge, addresses: ["10.0.3.1/24"] });
      const interfaces = [{ bridge, addresses: ["10.0.3.10/24"] }, { bridge }];
      new v.LxcContainer("c1", { host, interfaces });
      new v.DockerContainer("d1", { host, interfaces, container: "a-long-named-container", image: "a" });
    });
  });

  it("has the lab's id, and is deleted with the machine and replaced with it", () => {
    expect(steps(all)).toHaveLength(5);
    for (const step of steps(all)) {
      expect(envelope(step)["lab"]).toBe("e0a1");
      expect(step.deletedWith).toBe("kvm1-domain");
      expect(step.replaceWith).toEqual(["kvm1-domain"]);
      expect(step.inputs["triggers"]).toEqual(["kvm1-domain-id"]);
    }
  });

  it("moves with the host's name", () => {
    const moving = steps(all).filter(({ name }) => name !== "b-step");
    expect(moving.map(({ replacementTrigger }) => replacementTrigger)).toEqual(Array(4).fill("kvm1"));
  });

  it("has MACs and interface names by the planner's rules, and shows them", () => {
    expect(named(all, "kvm1").inputs["mac"]).toBe(macOf(MacKind.Machine, "kvm1"));
    expect(named(all, "b").inputs["mac"]).toBe(macOf(MacKind.Bridge, "b"));
    expect(stateOf(named(all, "b-step"))["mac"]).toBe(macOf(MacKind.Bridge, "b"));
    expect(named(all, "gw").inputs).toMatchObject({ mac: macOf(MacKind.Service, "gw"), device: "gw-gw" });
    const nics = (name: string) => named(all, name).inputs["interfaces"] as Record<string, unknown>[];
    expect(nics("c1").map(({ mac, veth }) => [mac, veth])).toEqual([
      [macOf(MacKind.Container, "c1"), "v-c1"],
      [macOf(MacKind.Container, "c1", 1), "v-c1_1"],
    ]);
    const [first] = stateOf(named(all, "d1-step"))["interfaces"] as Record<string, unknown>[];
    expect(first).toMatchObject({ mac: macOf(MacKind.Container, "d1"), veth: nics("d1")[0]?.["veth"] });
    expect(String(first?.["veth"])).toMatch(/^v-a-long-n.*-[0-9a-f]{4}$/);
  });

  it("sends from the host's VTEP", () => {
    expect(stateOf(named(all, "red-step"))["local"]).toBe("192.168.10.156");
    expect(stateOf(named(all, "gw-step"))["local"]).toBe("192.168.10.156");
  });

  it("shows no key", () => {
    const shown = all.filter(({ type }) => type.startsWith("vxlab:")).map(({ inputs }) => inputs);
    expect(JSON.stringify(shown)).not.toContain("PRIVATE KEY");
    for (const step of steps(all)) expect(step.secrets).not.toContain("stdin");
  });

  it("takes what is given instead", async () => {
    const v = await import("../../components");
    const given = await deploy(() => {
      const host = new v.KvmHost("kvm1", { ...MACHINE, mac: "52:54:00:00:00:01" });
      const mac = "02:00:00:00:00:01";
      const on = { host, hostName: "other", labId: "bbbb", bridge: "br0" };
      new v.LxcContainer("c1", { ...on, interfaces: [{ bridge: "br0", mac, veth: "v1", mtu: 1300 }] });
      new v.VxlanPort("red", { ...on, vni: 1, local: "10.9.9.9", remotes: [] }, { replaceWith: [] });
    });
    expect(envelope(named(given, "c1-step"))).toMatchObject({ lab: "bbbb" });
    expect(named(given, "c1").inputs["interfaces"]).toEqual([
      { bridge: "br0", mac: "02:00:00:00:00:01", veth: "v1", mtu: 1300 },
    ]);
    expect(named(given, "c1-step").replacementTrigger).toBe("other");
    expect(stateOf(named(given, "red-step"))["local"]).toBe("10.9.9.9");
    expect(named(given, "red-step").replaceWith).toEqual([]);
  });
});

describe("a thing whose host is an ExistingHost", () => {
  const server = { address: "172.20.0.5", sshAddress: "10.9.9.9", hostKey: KEY, privateKey: "PRIVATE KEY" };

  it("has its lab's id and its VTEP, and outlives nothing", async () => {
    const v = await import("../../components");
    const all = await deploy(() => {
      const host = new v.ExistingHost("srv", { ...server, labId: "e0a1" });
      new v.VxlanPort("red", { host, bridge: "vxbr", vni: 100, remotes: [] });
    });
    const step = named(all, "red-step");
    expect(envelope(step)["lab"]).toBe("e0a1");
    expect(stateOf(step)).toMatchObject({ local: "172.20.0.5" });
    expect(step).toMatchObject({ replacementTrigger: "srv", deletedWith: "", replaceWith: [] });
    expect((step.inputs["connection"] as { host: string }).host).toBe("10.9.9.9");
  });

  it("has the MTU that its VTEP's family leaves", async () => {
    const v = await import("../../components");
    const mtus = async (address: string) => {
      const all = await deploy(() => {
        const host = new v.ExistingHost("srv", { ...server, address, labId: "e0a1" });
        const { bridge } = new v.OvsBridge("b", { host });
        new v.SegmentService("gw", { host, bridge, addresses: ["10.0.3.1/24"] });
        new v.LxcContainer("c1", { host, interfaces: [{ bridge }] });
      });
      const [b, gw, c1] = ["b-step", "gw-step", "c1-step"].map((name) => stateOf(named(all, name)));
      return [b?.["mtu"], gw?.["mtu"], (c1?.["interfaces"] as { mtu: number }[])[0]?.mtu];
    };
    expect(await mtus("172.20.0.5")).toEqual([1450, 1450, 1450]);
    expect(await mtus("fd00:20::5")).toEqual([1430, 1430, 1430]);
  });

  it("is refused without a lab's id, with the cure", async () => {
    const { ExistingHost, OvsBridge } = await import("../../components");
    const bridge = () =>
      deploy(() => new OvsBridge("b", { host: new ExistingHost("srv", server), mac: "0a:00:00:00:00:01" }));
    await expect(bridge()).rejects.toThrow(
      "vxlab:index:OvsBridge b has no labId, and its host has none. Set labId on one of them.",
    );
  });
});

describe("a thing whose host is a connection, as in other languages", () => {
  it.each([false, true])("finds the lab's id and the VTEP in it; in a preview: %s", async (preview) => {
    const v = await import("../../components");
    const all = await deploy(
      () => {
        const server = { address: "172.20.0.5", sshAddress: "10.9.9.9", hostKey: KEY, privateKey: "x" };
        const { connection } = new v.ExistingHost("srv", { ...server, labId: "e0a1" });
        new v.VxlanPort("red", { host: connection, bridge: "vxbr", vni: 100, remotes: [] });
      },
      { preview },
    );
    expect(named(all, "red").inputs).toMatchObject({ labId: "e0a1", local: "172.20.0.5" });
    expect(named(all, "red").secrets).toEqual([]);
    expect(named(all, "red-step").secrets).not.toContain("stdin");
    // By the name, a stack that was deployed by an earlier vxlab would move its things once.
    expect(named(all, "red-step").replacementTrigger).toBe(KEY);
  });
});

describe("a machine", () => {
  it("has the lab's id of its image", async () => {
    const { GuestImage, KvmHost } = await import("../../components");
    const all = await deploy(() => {
      const { image } = new GuestImage("i", { labId: "e0a1", version: "1", root: "/i" });
      new KvmHost("kvm1", { address: "192.168.10.2/24", networkId: "n", image });
    });
    expect(named(all, "kvm1-domain").inputs["name"]).toBe("vxlab-e0a1-kvm1");
  });

  it.each([
    ["vxlab-e0a1-pool", "e0a1"],
    ["default", undefined],
    ["vxlab-e0a1-kvm1-root", undefined],
  ])("finds it in the pool's name: %s", async (pool, labId) => {
    const { labIdIn } = await import("../../components/naming");
    expect(labIdIn(pool, "pool")).toBe(labId);
  });

  it("has KVM where it works, else emulation", async () => {
    const { KvmHost } = await import("../../components");
    const { chooseAccel } = await import("../../components/libvirt/choices");
    const all = await deploy(() => {
      new KvmHost("here", MACHINE);
      new KvmHost("far", { ...MACHINE, libvirtUri: "qemu+ssh://root@far/system" });
    });
    expect(named(all, "here-domain").inputs["type"]).toBe(chooseAccel(undefined, "qemu:///system"));
    expect(named(all, "far-domain").inputs["type"]).toBe("kvm");
  });
});

describe("an image", () => {
  const preview = async (args: object) => {
    const { GuestImage } = await import("../../components");
    return deploy(() => new GuestImage("i", { labId: "e0a1", ...args }), { preview: true });
  };
  const cache = temporary("cache");
  beforeAll(() => void (process.env["VXLAB_CACHE"] = cache));

  it("is the package's own", async () => {
    const { inputs } = named(await preview({}), "i");
    expect(inputs["root"]).toMatch(new RegExp(`^${cache}/image/golden-[0-9a-f]+/root\\.qcow2$`));
    expect(inputs).toMatchObject({
      kernel: expect.stringContaining("vmlinuz") as string,
      cmdline: expect.any(String) as string,
    });
  });

  it("is one with Docker where that is wanted", async () => {
    const [golden, docker] = [await preview({}), await preview({ kind: "docker" })];
    expect(named(docker, "i").inputs["version"]).not.toBe(named(golden, "i").inputs["version"]);
  });

  it("of one's own has its size and time for a version", async () => {
    const { inputs } = named(await preview({ root: __filename }), "i");
    expect(inputs["version"]).toMatch(/^[0-9a-z]+-[0-9a-z]+$/);
    expect(inputs).not.toHaveProperty("kernel");
  });

  it("is refused where a kernel has no root", async () => {
    await expect(preview({ kernel: "/k" })).rejects.toThrow(
      "vxlab:index:GuestImage i has kernel without root. Write root, or leave kernel out.",
    );
  });
});

describe("a lab whose image cannot be read", () => {
  it.each([
    ["cloud", "/no/disk.qcow2", "/no/disk.qcow2"],
    ["golden", __filename, `${__dirname}/cmdline`],
  ])("is refused before anything is declared: %s", async (kind, path, missing) => {
    const { declareMachines } = await import("../../components/lab/machines");
    const { planLab } = await import("../../plan/plan");
    const topology = { underlay: {}, image: { kind: kind as ImageKind, path }, segments: {}, containers: {} };
    const plan = planLab({ ...topology, hosts: { kvm1: { address: "192.168.10.11" } } }, { lab: "lab" });
    const all = await deploy(() =>
      expect(() => declareMachines("lab", {}, plan, undefined as never)).toThrow(
        `image.path: got "${path}"\n    Cannot be used: ${missing} cannot be read (ENOENT).`,
      ),
    );
    expect(all).toEqual([]);
  });
});

describe("a lab of a few lines", () => {
  const topology = {
    hosts: { kvm1: { address: "192.168.10.11" }, kvm2: { address: "192.168.10.12" } },
    segments: { red: { vni: 100, subnet: "10.0.3.0/24", gateway: { host: "kvm1" } } },
    containers: { c1: { host: "kvm1" }, c2: { host: "kvm2" } },
  };

  it("has its parts by name, for other resources to hang on", async () => {
    const v = await import("../../components");
    let lab: InstanceType<typeof v.VxlanLab> | undefined;
    const all = await deploy(
      () => {
        lab = new v.VxlanLab("demo", { topology });
        const { kvm1 } = lab.hosts;
        const on = { host: kvm1, bridge: lab.bridges["kvm1"]?.bridge ?? "" };
        new v.VxlanPort("blue", { ...on, vni: 200, remotes: [] }, { dependsOn: lab.containers["c1"] });
      },
      { preview: true },
    );
    expect(Object.keys(lab?.hosts ?? {})).toEqual(["kvm1", "kvm2"]);
    expect(lab?.hosts["kvm1"]).toBeInstanceOf(v.KvmHost);
    expect(lab?.containers["c2"]).toBeInstanceOf(v.LxcContainer);
    const { ports = {}, service } = lab?.segments["red"] ?? {};
    expect(Object.keys(ports)).toEqual(["kvm1", "kvm2"]);
    expect(ports["kvm2"]).toBeInstanceOf(v.VxlanPort);
    expect(service).toBeInstanceOf(v.SegmentService);
    const blue = named(all, "blue-step");
    expect(blue).toMatchObject({ deletedWith: "demo-kvm1-domain", replacementTrigger: "kvm1" });
  });

  it("has what a longer one has: the same resources", async () => {
    const { VxlanLab } = await import("../../components");
    const whole = { underlay: {}, image: {}, ...topology };
    const names = async (given: object) =>
      (await deploy(() => new VxlanLab("demo", { topology: given }), { preview: true })).map(
        ({ name }) => name,
      );
    expect(await names(topology)).toEqual(await names(whole));
  });
});

describe("overlays of one name, in two stacks", () => {
  const ssh = { address: "192.168.10.11", port: 22, user: "root" };
  const host = { address: "192.168.10.11", mtu: 1500, hostKey: KEY, machine: "m1", ssh };
  const vteps: VtepsOutput = { schema: 1, hosts: { a1: host } };
  const macs = async (stack: string, identity?: string) => {
    const { VxlanOverlay } = await import("../../components");
    const all = await deploy(
      () =>
        new VxlanOverlay("overlay", {
          underlay: { stack: "underlay", vteps },
          login: { a1: "PRIVATE KEY" },
          segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
          containers: { c1: { host: "a1" } },
          ...(identity === undefined ? {} : { identity }),
        }),
      { stack },
    );
    const [nic] = named(all, "overlay-c1").inputs["interfaces"] as { mac: string }[];
    return [nic?.mac, named(all, "overlay-a1-vxbr").inputs["mac"]];
  };

  it("have different MACs", async () => {
    const [a, b] = [await macs("a"), await macs("b")];
    expect(a).toEqual(await macs("a"));
    expect(a[0]).not.toBe(b[0]);
    expect(a[1]).not.toBe(b[1]);
  });

  it("keep the MACs of an earlier vxlab with its identity, the resource's name", async () => {
    expect(await macs("a", "overlay")).toEqual([
      computedMac("overlay", MacKind.Container, "c1"),
      computedMac("overlay", MacKind.Bridge, "a1"),
    ]);
  });
});

describe("labs of one name, in two programs", () => {
  const topology = {
    hosts: { a1: { address: "192.168.10.11" } },
    segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
    containers: { c1: { host: "a1" } },
  };
  const macs = async (identity?: string) => {
    const { VxlanLab, VxlanUnderlay } = await import("../../components");
    const files = { version: "abc123", root: "/i/root.qcow2" };
    const args = { topology, image: files, ...(identity === undefined ? {} : { identity }) };
    const all = await deploy(() => new VxlanLab("demo", args));
    const lower = await deploy(() => new VxlanUnderlay("demo", args));
    const [nic] = named(all, "demo-c1").inputs["interfaces"] as { mac: string }[];
    const of = (name: string) => named(all, name).inputs["mac"];
    return [nic?.mac, of("demo-a1-vxbr"), of("demo-a1"), named(lower, "demo-a1").inputs["mac"]];
  };
  const expected = (identity: string) => [
    computedMac(identity, MacKind.Container, "c1"),
    computedMac(identity, MacKind.Bridge, "a1"),
    computedMac(identity, MacKind.Machine, "a1"),
    computedMac(identity, MacKind.Machine, "a1"),
  ];

  it("have the MACs of every earlier vxlab: hashes of the name", async () =>
    expect(await macs()).toEqual(expected("demo")));

  it("have other ones with an identity each", async () => {
    const [a, b] = [await macs("me/a/dev"), await macs("me/b/dev")];
    expect([a, b]).toEqual([expected("me/a/dev"), expected("me/b/dev")]);
    expect(new Set([...a, ...b]).size).toBe(6);
  });

  it.each([
    ["", "Is empty."],
    ["x".repeat(201), "Is longer"],
    [7 as unknown as string, "Is not a text."],
  ])("refuse the identity %j", async (identity, message) => {
    const { VxlanLab } = await import("../../components");
    const declare = () => new VxlanLab("demo", { topology, identity });
    await expect(deploy(declare)).rejects.toThrow(message);
  });
});

describe("hypervisors of which one does not answer", () => {
  it("fail what waits for them with one error, whose text no property changes", async () => {
    const { HypervisorError } = await import("../../plan/errors");
    const error = new HypervisorError([
      { path: "libvirtUri", got: "x", message: "Cannot.", cure: "Start it." },
    ]);
    const before = error.message;
    expect(before).toContain("A hypervisor does not answer; nothing was changed.");
    error.message = `error serializing property "name": ${error.message}`;
    expect(error.message).toBe(before);
    expect(pulumi.RunError.isInstance(error)).toBe(true);
  });
});
