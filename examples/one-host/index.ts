/**
 * One machine with one of each component that a host of our own image takes, put together by hand: what VxlanLab does for a
 * whole topology. A `DockerContainer` is declared as the `LxcContainer` here, on an image with Docker (image/docker.sh).
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import {
  Accel,
  GuestImage,
  KvmHost,
  libvirt,
  LxcContainer,
  OvsBridge,
  UnderlayNetwork,
  VxlanPort,
} from "vxlab";

const config = new pulumi.Config();
const folder = config.require("image");
const libvirtUri = config.require("libvirtUri");

/** Part of every name in libvirt: `vxlab-e0a1-…`. A lab's own, hexadecimal. */
const labId = "e0a1";
const shared = { labId, libvirtUri };
const provider = new libvirt.Provider("hypervisor", { uri: libvirtUri }, { ignoreChanges: ["version"] });
const onHypervisor = { providers: [provider] };

const underlay = new UnderlayNetwork("underlay", { ...shared, cidr: "192.168.10.0/24" }, onHypervisor);

const { image } = new GuestImage(
  "image",
  {
    ...shared,
    version: basename(folder),
    root: `${folder}/root.qcow2`,
    kernel: `${folder}/vmlinuz`,
    initrd: `${folder}/initrd.img`,
    cmdline: readFileSync(`${folder}/cmdline`, "utf8").trim(),
  },
  onHypervisor,
);

const host = new KvmHost(
  "kvm1",
  {
    ...shared,
    address: "192.168.10.156/24",
    mac: "52:54:00:00:01:56",
    networkId: underlay.networkId,
    image,
    accel: config.require("accel") === "kvm" ? Accel.Kvm : Accel.Emulated,
  },
  onHypervisor,
);

/** Whatever lives in a machine goes with it and comes back with it. */
const inside = host.inside;

const { bridge } = new OvsBridge(
  "bridge",
  { labId, host: host.connection, mac: "0a:00:00:00:00:01", address: "10.1.2.10/24" },
  inside,
);

/** The other end is made up: nobody has this address of the underlay. The tunnel stands, and nobody answers. */
const port = new VxlanPort(
  "red",
  { labId, host: host.connection, bridge, vni: 100, local: host.address, remotes: ["192.168.10.222"] },
  inside,
);

const container = new LxcContainer(
  "c1",
  {
    labId,
    host: host.connection,
    interfaces: [{ bridge, addresses: ["10.0.3.10/24"], mac: "0a:00:00:00:03:10", veth: "veth-c1" }],
  },
  inside,
);

export const hostAddress = host.address;
export const hostKey = host.hostKey;
export const vni = port.vni;
export const containerAddresses = container.addresses;
