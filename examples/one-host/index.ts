/**
 * One machine with one of each component that a host of our own image takes, put together by hand: what VxlanLab does for a
 * whole topology. A `DockerContainer` is declared as the `LxcContainer` here, on an image with Docker (`kind: ImageKind.Docker`).
 */
import * as pulumi from "@pulumi/pulumi";
import { GuestImage, KvmHost, libvirt, LxcContainer, OvsBridge, UnderlayNetwork, VxlanPort } from "vxlab";

const libvirtUri = new pulumi.Config().require("libvirtUri");

/** Part of every name in libvirt: `vxlab-e0a1-…`. A lab's own, hexadecimal. */
const shared = { labId: "e0a1", libvirtUri };
const provider = new libvirt.Provider("hypervisor", { uri: libvirtUri }, { ignoreChanges: ["version"] });
const onHypervisor = { providers: [provider] };

const underlay = new UnderlayNetwork("underlay", { ...shared, cidr: "192.168.10.0/24" }, onHypervisor);
const { image } = new GuestImage("image", shared, onHypervisor);
const { networkId } = underlay;
const host = new KvmHost(
  "kvm1",
  { libvirtUri, address: "192.168.10.156/24", networkId, image },
  onHypervisor,
);

// What has the machine as its host has the lab's id from it, and is deleted and made again with it.
const { bridge } = new OvsBridge("bridge", { host, address: "10.1.2.10/24" });

/** The other end is made up: nobody has this address of the underlay. The tunnel is there, and nobody answers. */
const port = new VxlanPort("red", { host, bridge, vni: 100, remotes: ["192.168.10.222"] });
const container = new LxcContainer("c1", { host, interfaces: [{ bridge, addresses: ["10.0.3.10/24"] }] });

export const hostAddress = host.address;
export const hostKey = host.hostKey;
export const vni = port.vni;
export const containerAddresses = container.addresses;
