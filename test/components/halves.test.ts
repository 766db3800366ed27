/** The two halves of a lab as components of their own: what they declare, and what one edit touches. */
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { VtepsOutput } from "../../plan/vteps";
import type { VxlanOverlayArgs } from "../../components";
import { Accel, ContainerKind, Encryption, Flooding, UnderlayMode } from "../../plan/types";
import { wireguardFromSeed, wireguardPublicKey } from "../../plan/keys";
import { reference } from "../plan/reference";
import type { Registered } from "./world";
import { deploy } from "./world";

const image = { version: "abc123", root: "/i/root.qcow2" };
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEDl5/XFGAX1Mrg15VRkw5K2qyxVsX3Z87bSWnbttmGL";

function vteps(hosts: Record<string, string>, machine = "m1"): VtepsOutput {
  const entries = Object.entries(hosts).map(([name, address]) => {
    const ssh = { address, port: 22, user: "root" };
    return [name, { address, mtu: 1500, hostKey: KEY, machine, ssh }];
  });
  return { schema: 1, hosts: Object.fromEntries(entries) as VtepsOutput["hosts"] };
}

const WORKLOAD = {
  segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
  containers: { c1: { host: "a1", address: "10.0.3.10/24" } },
};

const OWN = { a1: "192.168.10.11", a2: "192.168.10.12" };

async function overlay(
  peers: Record<string, string>,
  own: VtepsOutput = vteps(OWN),
  preview = false,
  workload: Pick<VxlanOverlayArgs, "segments" | "containers"> = WORKLOAD,
): Promise<Registered[]> {
  const { VxlanOverlay } = await import("../../components");
  return deploy(
    () =>
      new VxlanOverlay("overlay", {
        underlay: { stack: "underlay-a", vteps: own },
        login: { a1: "PRIVATE KEY of a1", a2: "PRIVATE KEY of a2" },
        peers: [{ stack: "underlay-b", vteps: vteps(peers) }],
        ...workload,
      }),
    { preview },
  );
}

async function underlay(): Promise<{ all: Registered[]; vteps: unknown; secret: boolean }> {
  const { VxlanUnderlay } = await import("../../components");
  const found: { vteps?: unknown; secret?: boolean } = {};
  const all = await deploy(() => {
    const args = { topology: reference(), image, accel: Accel.Emulated, libvirtUri: "qemu:///system" };
    const made = new VxlanUnderlay("underlay", args);
    made.vteps.apply((told) => (found.vteps = told));
    void pulumi.isSecret(made.login).then((is) => (found.secret = is));
  });
  return { all, vteps: found.vteps, secret: found.secret === true };
}

const envelope = (step: Registered) =>
  JSON.parse(String(step.inputs["stdin"]).split("\n")[0] ?? "") as Record<string, unknown>;
const steps = (all: Registered[]) => all.filter(({ type }) => type === "command:remote:Command");
const changed = (before: Registered[], after: Registered[]): string[] =>
  after
    .filter((one) => JSON.stringify(one) !== JSON.stringify(before.find(({ name }) => name === one.name)))
    .map(({ name }) => name)
    .sort();

describe("with encryption", () => {
  const sealed = (): VtepsOutput => {
    const { hosts } = vteps(OWN);
    const entries = Object.entries(hosts).map(([name, host], n) => {
      const publicKey = wireguardFromSeed(new Uint8Array(32).fill(n)).publicKey;
      return [name, { ...host, encryption: { address: `10.255.10.${n + 1}`, publicKey, port: 51820 } }];
    });
    return { schema: 2, hosts: Object.fromEntries(entries) as VtepsOutput["hosts"] };
  };

  it("an underlay tells public keys, and private ones in a secret output of their own", async () => {
    const { VxlanUnderlay } = await import("../../components");
    const found: { vteps?: VtepsOutput; keys?: Record<string, string>; secret?: boolean } = {};
    const all = await deploy(() => {
      const topology = {
        ...reference(),
        underlay: { ...reference().underlay, encryption: Encryption.Wireguard },
      };
      const made = new VxlanUnderlay("underlay", {
        topology,
        image,
        accel: Accel.Emulated,
        libvirtUri: "qemu:///system",
      });
      made.vteps.apply((told) => (found.vteps = told));
      made.tunnelKeys?.apply((keys) => (found.keys = keys));
      if (made.tunnelKeys) void pulumi.isSecret(made.tunnelKeys).then((is) => (found.secret = is));
    });
    expect(found.vteps?.schema).toBe(2);
    expect(found.vteps?.networks).toEqual(["192.168.10.0/24", "10.255.0.0/16"]);
    expect(found.secret).toBe(true);
    for (const [name, { encryption }] of Object.entries(found.vteps?.hosts ?? {}))
      expect(encryption?.publicKey).toBe(wireguardPublicKey(found.keys?.[name] ?? ""));
    const open = JSON.stringify(all.map(({ inputs }) => inputs));
    for (const key of Object.values(found.keys ?? {})) expect(open).not.toContain(key);
  });

  it("an overlay puts the device on each host before its ports, with the key as a secret", async () => {
    const { VxlanOverlay } = await import("../../components");
    const key = (n: number) => wireguardFromSeed(new Uint8Array(32).fill(n)).privateKey;
    const all = await deploy(
      () =>
        new VxlanOverlay("overlay", {
          underlay: { stack: "underlay-a", vteps: sealed() },
          login: { a1: "PRIVATE KEY of a1", a2: "PRIVATE KEY of a2" },
          tunnelKeys: { a1: key(0), a2: key(1) },
          ...WORKLOAD,
        }),
    );
    const step = all.find(({ name }) => name === "overlay-a1-wg0-step");
    expect(step?.secrets).toContain("stdin");
    const [envelope, secrets] = String(step?.inputs["stdin"]).split("\n");
    expect(JSON.parse(secrets ?? "")).toEqual({ privateKey: key(0) });
    expect(envelope).not.toContain(key(0));
    const shown = all.find(({ name }) => name === "overlay-a1-wg0");
    expect(JSON.stringify(shown?.inputs)).not.toContain(key(0));
    const port = all.find(({ name }) => name === "overlay-a1-red-step");
    expect(port?.dependencies).toContain("overlay-a1-wg0-step");
    expect(JSON.parse(String(port?.inputs["stdin"]))).toMatchObject({
      state: { local: "10.255.10.1", remotes: [{ address: "10.255.10.2" }] },
    });
  });
});

describe("an underlay", () => {
  let made: Awaited<ReturnType<typeof underlay>>;
  beforeAll(async () => (made = await underlay()));

  it("has machines and nothing on them", () => {
    const types = new Set(made.all.map(({ type }) => type));
    expect([...types].filter((type) => /Bridge|Port|Container|Command/.test(type))).toEqual([]);
    expect(made.all.filter(({ type }) => type.endsWith(":Domain")).map(({ name }) => name)).toEqual([
      "underlay-kvm1-domain",
      "underlay-kvm2-domain",
    ]);
  });

  it("tells where its VTEPs are, in the open, and its keys as a secret", () => {
    expect(made.vteps).toEqual({
      schema: 1,
      hosts: {
        kvm1: {
          address: "192.168.10.156",
          mtu: 1500,
          hostKey: expect.stringMatching(/^ssh-ed25519 AAAA/) as string,
          machine: "underlay-kvm1-domain-id",
          ssh: { address: "192.168.10.156", port: 22, user: "root" },
        },
        kvm2: expect.objectContaining({ address: "192.168.10.222" }) as object,
      },
      networks: ["192.168.10.0/24"],
    });
    expect(made.secret).toBe(true);
  });
});

describe("an overlay", () => {
  let before: Registered[];
  beforeAll(async () => (before = await overlay({ b1: "192.168.20.11" })));

  it("makes no machines, and reaches each host by its own key", () => {
    expect(before.filter(({ type }) => type.startsWith("libvirt:"))).toEqual([]);
    const reached = steps(before).map(({ inputs }) => inputs["connection"] as Record<string, unknown>);
    expect(new Set(reached.map(({ host, hostKey }) => `${String(host)} ${String(hostKey)}`))).toEqual(
      new Set(Object.values(OWN).map((address) => `${address} ${KEY}`)),
    );
    for (const { host, privateKey } of reached)
      expect(privateKey).toBe(`PRIVATE KEY of ${host === OWN.a1 ? "a1" : "a2"}`);
  });

  it("shows no key, and every step's desired state", () => {
    for (const step of steps(before)) {
      expect(step.secrets.every((path) => path.startsWith("connection"))).toBe(true);
      expect(envelope(step)["machine"]).toBe("m1");
    }
    const shown = before.filter(({ type }) => type.startsWith("vxlab:"));
    expect(JSON.stringify(shown.map(({ inputs }) => inputs))).not.toContain("PRIVATE KEY");
  });

  it("changes its ports alone when a peer's VTEP moves", async () => {
    const after = await overlay({ b1: "192.168.20.12" });
    expect(changed(before, after)).toEqual([
      "overlay",
      ...["overlay-a1-red", "overlay-a1-red-step", "overlay-a2-red", "overlay-a2-red-step"],
    ]);
  });

  it("changes its ports alone when a peer gets one more host, or goes", async () => {
    for (const peers of [{ b1: "192.168.20.11", b2: "192.168.20.12" }, {}]) {
      const names = changed(before, await overlay(peers as Record<string, string>));
      expect(names.filter((name) => !/-red(-step)?$/.test(name))).toEqual(["overlay"]);
    }
  });

  it("runs every step of a machine again that was made anew, and no other", async () => {
    const anew = vteps(OWN);
    anew.hosts["a2"] = { ...anew.hosts["a2"], machine: "m2" };
    expect(changed(before, await overlay({ b1: "192.168.20.11" }, anew))).toEqual([
      "overlay",
      "overlay-a2-red-step",
      "overlay-a2-vxbr-step",
    ]);
  });

  describe("whose things move to another host", () => {
    const RED = { vni: 100, subnet: "10.0.3.0/24" };
    const at = (host: string) =>
      overlay({}, vteps(OWN), false, {
        segments: { red: { ...RED, gateway: { host } } },
        containers: {
          c1: { host, address: "10.0.3.10/24" },
          d1: { host, kind: ContainerKind.Docker, archive: __filename, address: "10.0.3.11/24" },
        },
      });
    const MOVED = ["overlay-c1-step", "overlay-d1-archive", "overlay-d1-step"];
    const trigger = (all: Registered[], name: string) => {
      const found = all.find((one) => one.name === name);
      return [found?.replacementTrigger, found?.deleteBeforeReplace];
    };

    it("has them removed there first: the host's name is what they are replaced by", async () => {
      const [there, here] = [await at("a1"), await at("a2")];
      for (const name of MOVED)
        expect([name, trigger(there, name), trigger(here, name)]).toEqual([name, ["a1", true], ["a2", true]]);
    });

    it("has a segment's service as the same resource, whose name has the host's in it", async () => {
      const service = (await at("a2")).find(({ name }) => name === "overlay-a2-red-service");
      expect(service?.aliases).toEqual(["overlay-a1-red-service"]);
      expect(trigger(await at("a2"), "overlay-a2-red-service-step")).toEqual(["a2", true]);
    });

    it("replaces nothing on a host that is renumbered, reinstalled with another key, or made anew", async () => {
      const triggers = (all: Registered[]) =>
        steps(all).map(({ name, replacementTrigger }) => [name, replacementTrigger]);
      const other = vteps({ a1: "192.168.10.99", a2: OWN.a2 }, "m2");
      other.hosts["a1"] = { ...other.hosts["a1"], hostKey: KEY.replace("EDl5", "EDl6") };
      expect(triggers(await overlay({ b1: "192.168.20.11" }, other))).toEqual(triggers(before));
    });
  });

  it("has no tunnel to undefined, in a preview either", async () => {
    for (const all of [before, await overlay({ b1: "192.168.20.11" }, vteps(OWN), true)])
      expect(JSON.stringify(all.map(({ inputs }) => inputs))).not.toContain("undefined");
  });
});

describe("both halves", () => {
  it("say what may not be meant", async () => {
    const { VxlanOverlay, VxlanUnderlay } = await import("../../components");
    const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
    await overlay({ b1: "192.168.20.11" });
    expect(warn).not.toHaveBeenCalled();
    await deploy(
      () =>
        new VxlanOverlay("overlay", {
          underlay: { stack: "underlay-a", vteps: vteps(OWN) },
          login: { a1: "PRIVATE KEY of a1", a2: "PRIVATE KEY of a2" },
          peers: [{ stack: "underlay-b", vteps: vteps({ b1: "192.168.20.11" }) }],
          segments: { red: { vni: 100, subnet: "10.0.3.0/24", flooding: Flooding.Multicast } },
          containers: {},
        }),
    );
    expect(warn.mock.calls.map(([text]) => text)).toEqual([expect.stringContaining("several networks")]);
    const hosts = { kvm1: { address: "fd00:10::156" } };
    const topology = { ...reference(), underlay: { cidr: "fd00:10::/64", mode: UnderlayMode.Nat }, hosts };
    await deploy(() => new VxlanUnderlay("underlay", { topology, image, accel: Accel.Emulated }));
    expect(warn.mock.calls.map(([text]) => text).at(-1)).toContain("Does not translate IPv6");
    warn.mockRestore();
  });
});

describe("an existing host", () => {
  async function host(preview = false) {
    const { ExistingHost, OvsBridge } = await import("../../components");
    return deploy(
      () => {
        const made = new ExistingHost("srv", {
          address: "192.168.10.5",
          hostKey: KEY,
          privateKey: "PRIVATE KEY",
        });
        const on = { host: made.connection, labId: "00c0ffee", mac: "02:00:00:00:00:01" };
        new OvsBridge("srv-vxbr", on, made.inside);
      },
      { preview },
    );
  }

  it("is asked what it lacks before anything is put on it, and outlives all of it", async () => {
    const [check, bridge] = steps(await host());
    expect(check?.name).toBe("srv-check");
    // MTU, VTEP, then the script.
    expect(check?.inputs["stdin"]).toMatch(/^1500 192\.168\.10\.5\n(.*\n)+.*this host lacks/);
    expect(check?.inputs["delete"]).toBeUndefined();
    expect(bridge).toMatchObject({ name: "srv-vxbr-step", deletedWith: "", replaceWith: [] });
    expect((bridge?.inputs["connection"] as { hostKey: string }).hostKey).toBe(KEY);
  });

  it("is told from another by its key, for what a program of one's own puts there without its name", async () => {
    const { LxcContainer } = await import("../../components");
    const on = { address: "10.9.9.9", hostKey: KEY, privateKey: pulumi.secret("x") };
    const all = await deploy(() => {
      new LxcContainer("c1", { host: on, labId: "1", interfaces: [] });
      new LxcContainer("c2", { host: pulumi.output(on), hostName: "srv", labId: "1", interfaces: [] });
    });
    const triggers = new Map(steps(all).map(({ name, replacementTrigger }) => [name, replacementTrigger]));
    expect([triggers.get("c1-step"), triggers.get("c2-step")]).toEqual([KEY, "srv"]);
    const shown = all.filter(({ type }) => type.startsWith("vxlab:"));
    const hosts = new Map(shown.map(({ name, inputs }) => [name, inputs["hostName"]]));
    expect([hosts.get("c1"), hosts.get("c2")]).toEqual([undefined, "srv"]);
  });

  it("keeps the key out of what is shown", async () => {
    const shown = (await host()).filter(({ type }) => type.startsWith("vxlab:"));
    expect(JSON.stringify(shown.map(({ inputs }) => inputs))).not.toContain("PRIVATE KEY");
  });
});
