import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import type { VxlanLabArgs } from "../../components";
import { PROTOCOL } from "../../guest/protocol";
import { unpack } from "../../guest/pack";
import { guestTools } from "../../guest/render";
import { readLab } from "../../plan/published-lab";
import type { Topology } from "../../plan/types";
import { Accel, ContainerKind, ImageKind, UnderlayMode } from "../../plan/types";
import type { Registered } from "./world";
import { deploy } from "./world";

const topology: Topology = {
  underlay: {},
  image: {},
  hosts: {
    kvm1: { address: "192.168.10.156", bridgeAddress: "10.1.2.10/24" },
    kvm2: { address: "192.168.10.222", bridgeAddress: "10.1.2.11/24" },
  },
  segments: { lan: { vni: 100, subnet: "10.0.3.0/24" } },
  containers: {
    c1: { host: "kvm1", address: "10.0.3.10/24" },
    c2: { host: "kvm2", address: "10.0.3.11/24" },
  },
};

const image = {
  version: "abc123",
  root: "/i/root.qcow2",
  kernel: "/i/vmlinuz",
  initrd: "/i/initrd",
  cmdline: "root=/dev/vda",
};

async function lab(change: Partial<Topology> = {}): Promise<Registered[]> {
  const { VxlanLab } = await import("../../components");
  return deploy(
    () =>
      new VxlanLab("lab", {
        topology: { ...topology, ...change },
        image,
        accel: Accel.Emulated,
        libvirtUri: "qemu:///system",
      }),
  );
}

const of = (all: Registered[], type: string): Registered[] => all.filter((r) => r.type.endsWith(type));
const named = (all: Registered[], name: string): Registered => {
  const found = all.find((r) => r.name === name);
  if (found === undefined) throw new Error(`no ${name} among ${all.map((r) => r.name).join(", ")}`);
  return found;
};
const lines = (step: Registered): string[] => String(step.inputs["stdin"]).split("\n");
const envelope = (step: Registered) => JSON.parse(lines(step)[0] ?? "") as Record<string, unknown>;
const stateOf = (step: Registered) => envelope(step)["state"] as Record<string, unknown>;

describe("the reference lab", () => {
  let all: Registered[];
  beforeAll(async () => {
    all = await lab();
  });

  it("has at most 10 resources for each host", async () => {
    const three = await lab({ hosts: { ...topology.hosts, kvm3: { address: "192.168.10.3" } } });
    // A third host without a container of its own: the container's two resources are counted on top.
    expect(three.length - all.length + of(all, ":LxcContainer").length).toBeLessThanOrEqual(10);
    expect(three.length - all.length).toBe(8);
  });

  it("gives each machine its overlay, its seed, its network and the image's kernel", () => {
    expect(named(all, "lab-kvm1-domain").inputs).toMatchObject({
      name: "vxlab-00c0ffee-kvm1",
      type: "qemu",
      memory: 256,
      vcpu: 1,
      kernel: "lab-image-kernel-id",
      initrd: "lab-image-initrd-id",
      cmdlines: [{ root: "/dev/vda" }],
      disks: [{ volumeId: "lab-kvm1-root-id" }, { volumeId: "/pool/lab-kvm1-seed" }],
      networkInterfaces: [
        {
          networkId: "lab-underlay-net-id",
          mac: expect.stringMatching(/^52:54:00(:[0-9A-F]{2}){3}$/) as string,
        },
      ],
    });
  });

  it("rebuilds a machine where libvirt's provider would ignore an edit", () => {
    const machine = named(all, "lab-kvm1-domain");
    expect(machine.deleteBeforeReplace).toBe(true);
    expect(machine.replaceOnChanges).toEqual(
      expect.arrayContaining(["disks", "cpu", "kernel", "initrd", "networkInterfaces"]),
    );
    expect(machine.replaceWith).toEqual(["lab-kvm1-root", "lab-kvm1-seed"]);
  });

  it("gives a machine another disk whenever it is another machine", async () => {
    const trigger = (resources: Registered[]) => named(resources, "lab-kvm1-root").replacementTrigger;
    const { mac } = (named(all, "lab-kvm1-domain").inputs["networkInterfaces"] as { mac: string }[])[0] ?? {};
    const net = { networkId: "lab-underlay-net-id", mac };
    const seed = named(all, "lab-kvm1-seed").inputs["name"];
    expect(trigger(all)).toEqual([seed, 256, 1, "qemu", [net]]);
    expect(trigger(await lab({ underlay: { mtu: 1400 } }))).not.toEqual(trigger(all));
    const written = { ...topology.hosts["kvm1"], memory: 256 };
    expect(trigger(await lab({ hosts: { ...topology.hosts, kvm1: written } }))).toEqual(trigger(all));
  });

  it("sends each step its desired state as JSON, and no secrets", () => {
    expect(envelope(named(all, "lab-kvm1-lan-step"))).toEqual({
      ...{ v: PROTOCOL, id: "lab-kvm1-lan", lab: "00c0ffee" },
      state: {
        ...{ bridge: "vxbr", vni: 100, encapsulation: "vxlan", udpPort: 4789, local: "192.168.10.156" },
        ...{ vlan: null, flooding: "unicast", protected: true },
        remotes: [{ port: "vx100-c0a80ade", address: "192.168.10.222" }],
      },
    });
    const [, ...tools] = lines(named(all, "lab-kvm1-vxbr-step"));
    expect(tools).toEqual([guestTools().packed, ""]);
    expect(`#!/bin/sh\n${unpack(guestTools().packed)}`).toBe(guestTools().script);
    for (const step of of(all, "remote:Command")) {
      expect(step.secrets.every((path) => path.startsWith("connection"))).toBe(true);
      expect(JSON.stringify(step.inputs["stdin"])).not.toContain("PRIVATE KEY");
    }
  });

  it("pins the host key of every connection", () => {
    const keys = of(all, "remote:Command").map(
      (step) => (step.inputs["connection"] as { hostKey: string }).hostKey,
    );
    expect(keys.length).toBe(6);
    for (const key of keys) expect(key).toMatch(/^ssh-ed25519 AAAA/);
    expect(new Set(keys).size).toBe(2);
  });

  it("ties what lives in a machine to that machine", () => {
    for (const step of of(all, "remote:Command")) {
      const host =
        (step.inputs["connection"] as { host: string }).host === "192.168.10.156" ? "kvm1" : "kvm2";
      expect(step.deletedWith).toBe(`lab-${host}-domain`);
      expect(step.replaceWith).toEqual([`lab-${host}-domain`]);
      // In an input as well: by it alone the engine finds what goes with a machine whose network goes.
      expect(step.inputs["triggers"]).toEqual([`lab-${host}-domain-id`]);
      expect(step.replaceOnChanges).toContain("triggers");
    }
  });

  it("keeps keys out of what is shown", () => {
    for (const component of all.filter((r) => r.type.startsWith("vxlab:"))) {
      expect(JSON.stringify(component.inputs)).not.toMatch(/PRIVATE KEY|BwcHBwcH/);
    }
    expect(named(all, "lab-kvm1-seed").secrets).toContain("userData");
  });

  it("updates by the same verb as it creates, and removes by its own", () => {
    for (const step of of(all, "remote:Command")) {
      expect(step.inputs["update"]).toBe(step.inputs["create"]);
      expect(step.inputs["delete"]).toMatch(
        /^(test ! -e \/usr\/lib\/vxlab\/guest \|\| )?\/usr\/lib\/vxlab\/guest remove (bridge|port|container)$/,
      );
      // An old step's removal after the new one's work would undo it: the machine has the same address.
      expect(step.deleteBeforeReplace).toBe(true);
      expect(step.inputs["addPreviousOutputInEnv"]).toBe(false);
    }
  });
});

it("two programs at once are kept apart", async () => {
  const one = { containers: { c1: topology.containers["c1"] } };
  const [both, alone] = await Promise.all([lab(), lab(one)]);
  const names = (found: Registered[]) => found.map((r) => `${r.type} ${r.name}`).sort();
  expect([names(both), names(alone)]).toEqual([names(await lab()), names(await lab(one))]);
});

describe("an edit", () => {
  it("of one container changes that container's resources only", async () => {
    const before = await lab();
    const after = await lab({ containers: { c1: topology.containers["c1"] } });
    const gone = before
      .filter((r) => !after.some((o) => o.type === r.type && o.name === r.name))
      .map((r) => r.name);
    expect(gone.sort()).toEqual(["lab-c2", "lab-c2-step"]);
    for (const r of after.filter((o) => !["lab"].includes(o.name))) expect(r).toEqual(named(before, r.name));
  });

  it("of a VTEP reaches the other hosts' tunnels, each in its place", async () => {
    const kvm2 = { ...topology.hosts["kvm2"], address: "192.168.10.7" };
    const after = await lab({ hosts: { ...topology.hosts, kvm2, kvm3: { address: "192.168.10.30" } } });
    const remotes = ["192.168.10.7", "192.168.10.30"];
    expect(named(after, "lab-kvm1-lan").inputs["remotes"]).toEqual(remotes);
    expect(stateOf(named(after, "lab-kvm1-lan-step"))["remotes"]).toEqual([
      { port: "vx100-c0a80a07", address: remotes[0] },
      { port: "vx100-c0a80a1e", address: remotes[1] },
    ]);
  });
});

describe("a machine's name servers", () => {
  const network = (all: Registered[]) => {
    const { networkConfig } = named(all, "lab-kvm1-seed").inputs;
    const { ethernets } = JSON.parse(String(networkConfig)) as { ethernets: { eth0: object } };
    return ethernets.eth0;
  };
  const underlay = async (settings: object) => lab({ underlay: settings });

  it("are in no seed of an isolated lab: another would rebuild the machines of labs that stand", async () => {
    const { match, ...isolated } = network(await lab()) as { match: object };
    expect(Object.keys(match)).toEqual(["macaddress"]);
    expect(isolated).toEqual({ "set-name": "eth0", addresses: ["192.168.10.156/24"], mtu: 1500 });
    expect(named(await lab(), "lab-kvm1").inputs).not.toHaveProperty("nameservers");
  });

  it("go with the default route, and are shown", async () => {
    const all = await underlay({ mode: UnderlayMode.Nat });
    expect(network(all)).toMatchObject({
      routes: [{ to: "0.0.0.0/0", via: "192.168.10.1" }],
      nameservers: { addresses: ["192.168.10.1"] },
    });
    expect(named(all, "lab-kvm1").inputs).toMatchObject({ nameservers: ["192.168.10.1"] });
  });

  it("make it another machine when they are others; none leaves the seed as it was before there were any", async () => {
    const seed = (all: Registered[]) => named(all, "lab-kvm1-seed").inputs["name"];
    const usual = await underlay({ mode: UnderlayMode.Nat });
    const own = await underlay({ mode: UnderlayMode.Nat, nameservers: ["192.0.2.53"] });
    const none = await underlay({ mode: UnderlayMode.Nat, nameservers: [] });
    expect(network(own)).toMatchObject({ nameservers: { addresses: ["192.0.2.53"] } });
    expect(Object.keys(network(none))).toEqual(["match", "set-name", "addresses", "mtu", "routes"]);
    expect(new Set([seed(usual), seed(own), seed(none)]).size).toBe(3);
  });
});

describe("a bad topology", () => {
  it("is refused before anything is declared", async () => {
    const seen: string[] = [];
    await expect(
      lab({ segments: { lan: { vni: 0, subnet: "10.0.3.0/24" } } }).then((all) =>
        seen.push(...all.map((r) => r.name)),
      ),
    ).rejects.toThrow(/segments\.lan\.vni/);
    expect(seen).toEqual([]);
  });
});

describe("a Docker container", () => {
  const d1 = { host: "kvm1", kind: ContainerKind.Docker, env: { B: "2", A: "1" } };
  const withDocker = (more: object) =>
    lab({
      image: { kind: ImageKind.Docker },
      containers: { ...topology.containers, d1: { ...d1, ...more } },
    });
  const archive = join(__dirname, "world.ts");

  it("of an image by its name is one step, like LXC's", async () => {
    const all = await withDocker({ image: "alpine:3.20" });
    expect(named(all, "lab-d1").type).toBe("vxlab:index:DockerContainer");
    expect(of(all, "CopyToRemote")).toEqual([]);
    const { interfaces, ...state } = stateOf(named(all, "lab-d1-step"));
    expect(state).toEqual({ name: "d1", kind: "docker", image: "alpine:3.20", archive: null, command: [] });
    expect(lines(named(all, "lab-d1-step"))[1]).toBe('{"env":["A=1","B=2"]}');
    const lxc = stateOf(named(all, "lab-c1-step"))["interfaces"] as object[];
    expect(Object.keys((interfaces as object[])[0] ?? {})).toEqual(Object.keys(lxc[0] ?? {}));
    const [step, other] = [named(all, "lab-d1-step"), named(all, "lab-c1-step")];
    expect(step.inputs["create"]).toBe(other.inputs["create"]);
    expect(step.inputs["delete"]).toBe(other.inputs["delete"]);
  });

  it("of an archive has it copied first, by the same pinned connection, and tells the host its content", async () => {
    const all = await withDocker({ archive });
    const copy = named(all, "lab-d1-archive");
    expect(copy.inputs["remotePath"]).toBe("/var/lib/vxlab/images/00c0ffee-lab-d1.tar");
    expect(copy.inputs["connection"]).toEqual(named(all, "lab-d1-step").inputs["connection"]);
    expect(copy.secrets.every((path) => path.startsWith("connection"))).toBe(true);
    expect(copy.deletedWith).toBe("lab-kvm1-domain");
    expect(copy.replaceWith).toEqual(["lab-kvm1-domain"]);
    expect(copy.replacementTrigger).toBe("kvm1");
    expect(copy.inputs["triggers"]).toEqual(["", "lab-kvm1-domain-id"]);
    const content = createHash("sha256").update(readFileSync(archive)).digest("hex");
    expect(stateOf(named(all, "lab-d1-step"))).toMatchObject({ image: null, archive: content });
  });

  it("of an archive that is not there, of two images or of none is refused", async () => {
    const { DockerContainer } = await import("../../components");
    const host = { address: "10.9.9.9", hostKey: "ssh-ed25519 AAAA", privateKey: "x" };
    const alone = (more: object) =>
      deploy(() => new DockerContainer("d", { host, labId: "1", interfaces: [], ...more }));
    await expect(alone({ archive: "/no.tar" })).rejects.toThrow(/\/no\.tar cannot be read \(ENOENT\)/);
    await expect(alone({})).rejects.toThrow(
      /DockerContainer d takes one of image and archive, and has neither/,
    );
    await expect(alone({ image: "a", archive })).rejects.toThrow(/has both/);
  });

  describe("with a secret variable", () => {
    const withSecret = async (
      box = d1,
      env: Record<string, Record<string, unknown>> = { d1: { TOKEN: "canary" } },
    ) => {
      const { VxlanLab } = await import("../../components");
      const containers = { ...topology.containers, d1: { ...box, image: "alpine:3.20" } };
      const all = { ...topology, image: { kind: ImageKind.Docker }, containers };
      let lab: pulumi.Output<unknown> | undefined;
      const found = await deploy(() => {
        const secrets = Object.entries(env).map(([name, variables]) => [
          name,
          Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, pulumi.secret(value)])),
        ]);
        const args = { topology: all, image, libvirtUri: "qemu:///system" };
        lab = new VxlanLab("lab", { ...args, env: Object.fromEntries(secrets) as VxlanLabArgs["env"] }).lab;
      });
      return { all: found, lab };
    };

    it("keeps its mark in every input, and leaves the rest of the preview open", async () => {
      const { all } = await withSecret();
      const marked = all
        .filter(({ inputs }) => JSON.stringify(inputs).includes("canary"))
        .map(({ name, secrets }) => [name, secrets.filter((path) => !path.startsWith("connection"))]);
      expect(marked).toEqual([
        ["lab", ["env.d1.TOKEN"]],
        ["lab-d1", ["env.TOKEN"]],
        ["lab-d1-step", ["stdin"]],
      ]);
      expect(named(all, "lab-d1").inputs).toMatchObject({
        image: "alpine:3.20",
        env: { A: "1", TOKEN: "canary" },
      });
      expect(lines(named(all, "lab-d1-step"))[0]).not.toContain("canary");
      expect(lines(named(all, "lab-d1-step"))[1]).toBe('{"env":["A=1","B=2","TOKEN=canary"]}');
      expect(named(all, "lab-c1-step").secrets).not.toContain("stdin");
    });

    it("is not in the lab's output, which is no secret, and neither is any other value", async () => {
      const { lab } = await withSecret();
      expect(await pulumi.isSecret(lab as pulumi.Output<unknown>)).toBe(false);
      const told = await new Promise((resolve) => lab?.apply(resolve));
      const d = readLab(told)?.containers.find(({ name }) => name === "d1");
      expect(d).toMatchObject({ image: "alpine:3.20" });
      expect(d).not.toHaveProperty("env");
      expect(JSON.stringify(told)).not.toContain("canary");
    });

    it("keeps the mark in a program that has no lab", async () => {
      const { DockerContainer } = await import("../../components");
      const host = { address: "10.9.9.9", hostKey: "ssh-ed25519 AAAA", privateKey: "x" };
      const env = { A: "1", TOKEN: pulumi.secret("canary") };
      const all = await deploy(
        () => new DockerContainer("d", { host, labId: "1", interfaces: [], image: "a", env }),
      );
      expect(all.map(({ secrets }) => secrets)).toEqual([["env.TOKEN"], ["connection", "stdin"]]);
      const open = await deploy(
        () => new DockerContainer("d", { host, labId: "1", interfaces: [], image: "a", env: { A: "1" } }),
      );
      expect(
        open.map(({ secrets }) => secrets),
        "secret in any case where it is sent",
      ).toEqual([[], ["connection", "stdin"]]);
    });

    it.each<[string, typeof d1, Record<string, Record<string, unknown>>, RegExp]>([
      [
        "of no container",
        d1,
        { d2: { T: "canary" } },
        /containers\.d2\.env: .*\n.*not a Docker container.*\n.*d1/,
      ],
      ["of LXC's", d1, { c1: { T: "canary" } }, /containers\.c1\.env: .*\n.*not a Docker container/],
      ["that is in the topology too", d1, { d1: { A: "canary" } }, /containers\.d1\.env\.A: .*\n.*set twice/],
    ])("%s is refused without its value", async (_, box, env, message) => {
      const error = await withSecret(box, env).then(
        () => undefined,
        (reason: unknown) => reason as Error,
      );
      expect(error?.message).toMatch(message);
      expect(error?.message).not.toContain("canary");
    });
  });

  it("that was LXC's, or becomes it, is the same resource still", async () => {
    const all = await withDocker({ image: "alpine:3.20" });
    expect(named(all, "lab-d1").aliases).toEqual(["vxlab:index:LxcContainer"]);
    expect(named(all, "lab-c1").aliases).toEqual(["vxlab:index:DockerContainer"]);
  });
});
