/**
 * Every libvirt resource of a lab, with its exact inputs and options: the provider ignores some edits in silence and the engine
 * orders by these options alone, so one that is lost shows on real machines only, and one that is added rebuilds them.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { emulatedXslt } from "../../components/host/domain.component";
import { deriveSeed, ed25519FromSeed, hostKeyInfo, LOGIN_KEY_INFO } from "../../plan/keys";
import { Accel, UnderlayMode } from "../../plan/types";
import { reference } from "../plan/reference";
import type { Registered } from "./world";
import { deploy } from "./world";

const image = {
  ...{ version: "abc123", root: "/i/root.qcow2", kernel: "/i/vmlinuz", initrd: "/i/initrd" },
  cmdline: "root=/dev/vda rw",
};
const hypervisor = { accel: Accel.Emulated, codeCache: 64, libvirtUri: "qemu:///system" };

/** As the mocks' secret gives them. */
const keyFor = (info: string) => ed25519FromSeed(deriveSeed(Buffer.alloc(32, 7), info));
const hostKey = keyFor(hostKeyInfo("kvm1"));

const USER_DATA = {
  hostname: "kvm1",
  fqdn: "kvm1",
  disable_root: false,
  ssh_pwauth: false,
  ssh_deletekeys: true,
  ssh_genkeytypes: [],
  ssh_keys: { ed25519_private: hostKey.privateKeyOpenSsh, ed25519_public: hostKey.publicKeyLine },
  users: [{ name: "root", lock_passwd: true, ssh_authorized_keys: [keyFor(LOGIN_KEY_INFO).publicKeyLine] }],
  write_files: [{ path: "/etc/default/lxc-net", content: 'USE_LXC_BRIDGE="false"\n' }],
  packages: [
    ...["openvswitch-switch", "lxc", "busybox-static", "dnsmasq-base", "nftables"],
    ...["tcpdump", "ethtool", "iperf3"],
  ],
};
const MAC = "52:54:00:ea:d7:4c";
const ETH0 = {
  match: { macaddress: MAC },
  "set-name": "eth0",
  addresses: ["192.168.10.156/24"],
  mtu: 1500,
};
/** Its hash is of what is in it: another one rebuilds the machines of labs that stand. */
const SEED = "vxlab-00c0ffee-kvm1-seed-c9e51310.iso";
const NICS = [{ networkId: "lab-underlay-net-id", mac: MAC.toUpperCase() }];

type Own = Pick<Registered, "inputs" | "dependencies"> & Partial<Registered>;

/** A resource of libvirt's: what they all have, then its own. */
function libvirt(type: string, parent: string, name: string, own: Own): Registered {
  // A host may be called "image", whose disk is lab-image-root too.
  const hook = name.replace(/^lab-image-(root|kernel|initrd)$/, "lab-image/$1");
  return {
    ...{ type: `libvirt:index/${type}`, name, parent, provider: "lab-libvirt-id" },
    ...{ deletedWith: "", replaceWith: [], replaceOnChanges: [], replacementTrigger: undefined },
    ...{ ignoreChanges: [], aliases: [], secrets: [], others: {} },
    // Names in libvirt are fixed: two of a name cannot be there at a time.
    deleteBeforeReplace: true,
    hooks: { beforeCreate: [`clear-before-${hook}`], onError: [`clear-after-${hook}`] },
    ...own,
  };
}

const IMAGE = ["lab-image-initrd", "lab-image-kernel", "lab-image-pool", "lab-image-root"];

function imageVolume(part: string, source: string, format: string): Registered {
  return libvirt("volume:Volume", "lab-image", `lab-image-${part}`, {
    inputs: { name: `vxlab-00c0ffee-${part}-abc123`, pool: "vxlab-00c0ffee-pool", source, format },
    dependencies: ["lab-id", "lab-image-pool"],
    ignoreChanges: ["source"],
  });
}

const TABLE: Registered[] = [
  libvirt("network:Network", "lab-underlay", "lab-underlay-net", {
    inputs: {
      name: "vxlab-00c0ffee-underlay",
      mode: "none",
      addresses: ["192.168.10.0/24"],
      mtu: 1500,
      autostart: true,
      dhcp: { enabled: false },
    },
    dependencies: ["lab-id"],
    replaceOnChanges: ["mtu", "dhcp"],
  }),
  libvirt("pool:Pool", "lab-image", "lab-image-pool", {
    hooks: {
      ...{ beforeCreate: ["clear-before-lab-image-pool"], onError: ["clear-after-lab-image-pool"] },
      afterCreate: ["close-lab-image-pool"],
    },
    inputs: {
      name: "vxlab-00c0ffee-pool",
      type: "dir",
      target: { path: "/var/lib/libvirt/images/vxlab-00c0ffee-pool" },
    },
    dependencies: ["lab-id"],
  }),
  imageVolume("root", "/i/root.qcow2", "qcow2"),
  imageVolume("kernel", "/i/vmlinuz", "raw"),
  imageVolume("initrd", "/i/initrd", "raw"),
  libvirt("cloudinitDisk:CloudinitDisk", "lab-kvm1", "lab-kvm1-seed", {
    inputs: {
      name: SEED,
      pool: "vxlab-00c0ffee-pool",
      userData: `#cloud-config\n${JSON.stringify(USER_DATA)}\n`,
      metaData: '{"instance-id":"vxlab-kvm1","local-hostname":"kvm1"}\n',
      networkConfig: `${JSON.stringify({ version: 2, ethernets: { eth0: ETH0 } })}\n`,
    },
    secrets: ["userData"],
    dependencies: ["lab-id", ...IMAGE, "lab-secret"],
  }),
  libvirt("volume:Volume", "lab-kvm1", "lab-kvm1-root", {
    inputs: {
      name: "vxlab-00c0ffee-kvm1-root",
      pool: "vxlab-00c0ffee-pool",
      baseVolumeId: "lab-image-root-id",
      format: "qcow2",
    },
    dependencies: ["lab-id", ...IMAGE],
    replacementTrigger: [SEED, 256, 1, "qemu", NICS],
  }),
  libvirt("domain:Domain", "lab-kvm1", "lab-kvm1-domain", {
    inputs: {
      ...{ name: "vxlab-00c0ffee-kvm1", type: "qemu", memory: 256, vcpu: 1, cpu: { mode: "maximum" } },
      ...{ autostart: true, kernel: "lab-image-kernel-id", initrd: "lab-image-initrd-id" },
      cmdlines: [{ root: "/dev/vda" }, { _: "rw" }],
      disks: [{ volumeId: "lab-kvm1-root-id" }, { volumeId: "/pool/lab-kvm1-seed" }],
      networkInterfaces: NICS,
      consoles: [{ type: "pty", targetType: "serial", targetPort: "0" }],
      graphics: { type: "vnc", listenType: "socket" },
      video: { type: "none" },
      xml: { xslt: emulatedXslt(64) },
    },
    dependencies: ["lab-id", ...IMAGE, "lab-kvm1-root", "lab-kvm1-seed", "lab-underlay-net"],
    replaceOnChanges: ["disks", "cpu", "kernel", "initrd", "machine", "networkInterfaces", "video"],
    replaceWith: ["lab-kvm1-root", "lab-kvm1-seed"],
    ignoreChanges: ["xml", "autostart"],
  }),
];

const inLibvirt = (all: Registered[]) => all.filter(({ type }) => type.startsWith("libvirt:"));
const names = (all: Registered[]) => all.map(({ name }) => name).sort();

describe("a lab in libvirt", () => {
  let all: Registered[];
  beforeAll(async () => {
    const { VxlanLab } = await import("../../components");
    all = await deploy(() => new VxlanLab("lab", { topology: reference(), image, ...hypervisor }));
  });

  it("has these resources and no others", () => {
    // The second machine is one like the first.
    const others = names(TABLE).filter((name) => name.includes("-kvm1-"));
    const wanted = [...names(TABLE), ...others.map((name) => name.replace("kvm1", "kvm2"))];
    expect(names(inLibvirt(all))).toEqual(wanted.sort());
  });

  it.each(TABLE.map((one) => [one.name, one] as const))("has %s as it is here", (wanted, row) => {
    expect(all.find(({ name }) => name === wanted)).toEqual(row);
  });

  it("is reached by a provider that is as it is here", () => {
    expect(all.find(({ name }) => name === "lab-libvirt")).toEqual({
      ...libvirt("", "lab", "lab-libvirt", { inputs: { uri: "qemu:///system" }, dependencies: [] }),
      ...{ type: "pulumi:providers:libvirt", provider: "", hooks: {}, deleteBeforeReplace: false },
      ignoreChanges: ["version"],
    });
  });
});

describe("without what may be left out", () => {
  const inputsOf = (all: Registered[]) =>
    Object.fromEntries(inLibvirt(all).map(({ name, inputs }) => [name, inputs]));
  const row = (name: string) => TABLE.find((one) => one.name === name)?.inputs ?? {};
  const labId = "00c0ffee";

  it("an image is a pool and a disk", async () => {
    const { GuestImage } = await import("../../components");
    const { version, root } = image;
    const all = await deploy(() => new GuestImage("lab-image", { labId, version, root }));
    expect(inputsOf(all)).toEqual({
      "lab-image-pool": row("lab-image-pool"),
      "lab-image-root": row("lab-image-root"),
    });
    // Nobody knows where to look for what a failed create left.
    expect(inLibvirt(all).map(({ hooks }) => hooks)).toEqual([{}, {}]);
  });

  it("a network is an isolated one of 1500 bytes", async () => {
    const { UnderlayNetwork } = await import("../../components");
    const all = await deploy(() => new UnderlayNetwork("n", { labId, cidr: "192.168.10.0/24" }));
    expect(inputsOf(all)).toEqual({ "n-net": row("lab-underlay-net") });
    expect(inLibvirt(all).map(({ hooks }) => hooks)).toEqual([{}]);
  });

  it.each([
    [UnderlayMode.Isolated, "none"],
    [UnderlayMode.Nat, "nat"],
    [UnderlayMode.Routed, "route"],
  ])("a network that is %s is in libvirt's word %s", async (mode, word) => {
    const { UnderlayNetwork } = await import("../../components");
    const args = { labId, cidr: "192.168.10.0/24", network: "far", mtu: 9000, mode };
    const name = "vxlab-00c0ffee-far";
    expect(inputsOf(await deploy(() => new UnderlayNetwork("n", args)))).toEqual({
      "n-net": { ...row("lab-underlay-net"), name, mtu: 9000, mode: word },
    });
  });

  it("a machine with KVM boots by its disk's own loader and has no stylesheet", async () => {
    const { KvmHost } = await import("../../components");
    const args = {
      ...{ labId, mac: MAC, address: "192.168.10.156/24", networkId: "lab-underlay-net-id" },
      image: { pool: "vxlab-00c0ffee-pool", rootVolumeId: "lab-image-root-id" },
      accel: Accel.Kvm,
    };
    const all = await deploy(() => new KvmHost("kvm1", args));
    expect(inputsOf(all)).toEqual({
      "kvm1-seed": row("lab-kvm1-seed"),
      "kvm1-root": row("lab-kvm1-root"),
      "kvm1-domain": {
        ...row("lab-kvm1-domain"),
        ...{ kernel: undefined, initrd: undefined, cmdlines: [], xml: undefined },
        ...{ type: "kvm", cpu: { mode: "host-passthrough" } },
        disks: [{ volumeId: "kvm1-root-id" }, { volumeId: "/pool/kvm1-seed" }],
      },
    });
    expect(inLibvirt(all).map(({ hooks }) => hooks)).toEqual([{}, {}, {}]);
  });
});
