/** What is wrong with machines, from what virsh prints. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { machineFaults } from "../../cli/access/machine-drift";
import { temporary } from "../lib/temporary";
import { referenceLab } from "./fixture";

const NETWORK = "vxlab-00c0ffee-underlay";
const lab = () => {
  const made = referenceLab();
  return {
    ...made,
    id: "00c0ffee",
    hosts: made.hosts.map((host) => ({ ...host, domain: `vxlab-00c0ffee-${host.name}` })),
  };
};

/** What libvirt 9 prints of a domain's interface: the port, the bridge and the tap of a running one only. */
const nic = (running: boolean) =>
  running
    ? `<interface type='network'><source network='${NETWORK}' portid='a7d6b7f9-0b1e-4b9e-8f0a-0a0a0a0a0a0a' bridge='virbr0'/><target dev='vnet0'/></interface>`
    : `<interface type='network'><source network='${NETWORK}'/></interface>`;

const POOL = "vxlab-00c0ffee-pool";
const FOLDER = "/var/lib/libvirt/images/lab";
const VOLUMES = ["kernel", "image", "kvm1-root", "kvm2-root"];
const disks = (host: string) =>
  `<kernel>${FOLDER}/kernel</kernel><disk type='volume'><source pool='${POOL}' volume='${host}-root' index='2'/>` +
  `<backingStore><source file='${FOLDER}/image'/></backingStore></disk><disk><source file='/elsewhere/x'/></disk>`;

async function faults(
  states: Record<string, string>,
  network: "active" | "stopped" | "gone",
  master = "virbr0",
  transient: readonly string[] = [],
  volumes: readonly string[] = VOLUMES,
) {
  const names = Object.keys(states).map((host) => `vxlab-00c0ffee-${host}`);
  // As virsh -q: what it lists ends with a line break, `echo` does not.
  const said = (texts: readonly string[]) =>
    texts.map((text) => (text === "" ? "" : `${text}\n`)).join("=vxlab=");
  const lists = [
    Object.entries(states)
      .map(([host, state]) => ` -   vxlab-00c0ffee-${host}   ${state}`)
      .join("\n"),
    names.join("\n"),
    network === "gone" ? "" : NETWORK,
    network === "active" ? NETWORK : "",
    transient.filter((name) => name !== NETWORK).join("\n"),
    transient.filter((name) => name === NETWORK).join("\n"),
    `${POOL} `,
  ];
  const xmls = Object.entries(states).map(([host, state]) => disks(host) + nic(state !== "shut off"));
  const ports = network === "active" ? [""] : [];
  const detailed = (there: readonly string[]) =>
    said([...xmls, ...ports, there.map((name) => ` ${name}   ${FOLDER}/${name}`).join("\n")]);
  const bin = temporary("virsh");
  const put = (name: string, text: string) => writeFileSync(join(bin, name), text);
  put("lists", said(lists));
  // A pool lists what it had when it was looked at last.
  put("details", detailed(VOLUMES));
  put("refreshed", detailed(volumes));
  put("links", `3: vnet0: <BROADCAST,UP> mtu 1500 qdisc noqueue master ${master} state UP\n`);
  const virsh = `case $4 in list*) cat ${bin}/lists ;; *"pool-refresh ${POOL}; "*) cat ${bin}/refreshed ;; *) cat ${bin}/details ;; esac`;
  put("virsh", `#!/bin/sh\n${virsh}\n`);
  put("enter", `#!/bin/sh\ncat ${bin}/links\n`);
  for (const name of ["virsh", "enter"]) chmodSync(join(bin, name), 0o755);
  const found = await machineFaults(lab(), ["qemu:///system"], () => [join(bin, "enter")], {
    environment: { PATH: `${bin}:/usr/bin:/bin` },
  });
  return found.map(({ host, found: text }) => `${host} ${text}`);
}

const running = { kvm1: "running", kvm2: "running" };

describe("a lab's machines", () => {
  it.each([
    ["that run", running, "active", []],
    [
      "of which one is paused and one stopped",
      { kvm1: "paused", kvm2: "shut off" },
      "active",
      ["kvm1 is paused", "kvm2 is stopped"],
    ],
    [
      "of which one is not defined",
      { kvm1: "running" },
      "active",
      ["kvm2 vxlab-00c0ffee-kvm2 is not defined in libvirt"],
    ],
    [
      "whose network is stopped",
      { kvm1: "running", kvm2: "shut off" },
      "stopped",
      [`kvm1 network ${NETWORK} is stopped`, "kvm2 is stopped", `kvm2 network ${NETWORK} is stopped`],
    ],
    [
      "whose network is not defined",
      running,
      "gone",
      [`kvm1 network ${NETWORK} is not defined`, `kvm2 network ${NETWORK} is not defined`],
    ],
  ] as const)("%s", async (_, states, network, said) => {
    expect(await faults({ ...states }, network)).toEqual(said);
  });

  it("whose definitions were removed while they ran", async () => {
    const lost = "is not defined in libvirt: it no longer exists once it stops";
    expect(await faults(running, "active", "virbr0", ["vxlab-00c0ffee-kvm2"])).toEqual([`kvm2 ${lost}`]);
    expect(await faults(running, "active", "virbr0", [NETWORK])).toEqual(
      ["kvm1", "kvm2"].map((host) => `${host} network ${NETWORK} ${lost}`),
    );
  });

  it.each([
    ["a disk", "kvm2-root", ["kvm2"], "recreates the machine"],
    ["the image below all disks", "image", ["kvm1", "kvm2"], "uploads it again"],
    ["the kernel", "kernel", ["kvm1", "kvm2"], "uploads it again"],
  ])("of which %s is gone", async (_, gone, hosts, then) => {
    const left = VOLUMES.filter((name) => name !== gone);
    expect(await faults(running, "active", "virbr0", [], left)).toEqual(
      hosts.map((host) => `${host} has lost its volume ${gone}: up ${then}`),
    );
  });

  it("of which nothing is said while the pool lists nothing", async () => {
    expect(await faults(running, "active", "virbr0", [], [])).toEqual([]);
  });

  it("whose taps are on no bridge", async () => {
    const off = `its tap vnet0 is not on the bridge virbr0 of network ${NETWORK}`;
    expect(await faults(running, "active", "other")).toEqual([`kvm1 ${off}`, `kvm2 ${off}`]);
  });
});
