/** How many resources each network function adds to a lab: what its page in docs/ says. */
import { describe, expect, it } from "vitest";
import type { Topology } from "../../plan/types";
import { Accel } from "../../plan/types";
import { referenceWith } from "../plan/reference";
import { deploy } from "./world";

const image = {
  ...{ version: "abc123", root: "/i/root.qcow2", kernel: "/i/vmlinuz", initrd: "/i/initrd" },
  cmdline: "root=/dev/vda",
};

async function count(fragment: object = {}): Promise<number> {
  const { VxlanLab } = await import("../../components");
  const topology = referenceWith(fragment) as Partial<Topology>;
  const all = await deploy(
    () => new VxlanLab("lab", { topology, image, accel: Accel.Emulated, libvirtUri: "qemu:///system" }),
  );
  return all.length;
}

const BOX = { fw: { host: "kvm1", interfaces: [{ chain: "in" }, { chain: "out" }] } };

describe("a lab of two hosts", { timeout: 240_000 }, () => {
  it.each([
    ["an encrypted underlay: two a host", {}, { underlay: { encryption: "wireguard" } }, 4],
    ["EVPN: two a host", {}, { segments: { red: { flooding: "evpn" } } }, 4],
    ["static flows: none", {}, { segments: { red: { flooding: "flow" } } }, 0],
    ["a VTEP that no stack has: none", {}, { segments: { red: { remotes: ["192.168.10.77"] } } }, 0],
    [
      "an impairment between hosts: two a host",
      {},
      { impairments: { slow: { between: ["kvm1", "kvm2"], delay: "5ms" } } },
      4,
    ],
    ["one of a container", {}, { impairments: { slow: { container: "c1", delay: "5ms" } } }, 2],
    [
      "a chain over n hosts: 2n + 1",
      { containers: BOX },
      { containers: BOX, chains: { x: { from: "c1", to: "c2", through: ["fw"] } } },
      5,
    ],
    ["a check: two", {}, { checks: { ping: { from: "c1", to: "c2" } } }, 2],
    [
      "files, commands, routes and kernel settings of a container: none",
      {},
      {
        containers: {
          c1: {
            ...{ files: { "/etc/motd": { content: "x" } }, exec: [{ command: ["true"] }] },
            ...{ routes: [{ to: "10.9.0.0/24", via: "10.0.3.11" }], sysctls: { "net.ipv4.ip_forward": 1 } },
          },
        },
      },
      0,
    ],
    ["ports of a host: none", {}, { containers: { c1: { ports: ["8080:80"] } } }, 0],
  ])("has more resources with %s", async (_, before, after, more) =>
    expect((await count(after)) - (await count(before))).toBe(more),
  );
});
