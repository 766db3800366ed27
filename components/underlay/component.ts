import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { UnderlayMode } from "../../plan/types";
import { child, libvirtName, token } from "../naming";
import { clearsOrphans } from "../libvirt/orphans";
import { UNDERLAY } from "./spec";

/**
 * Addresses and kind of a libvirt network.
 *
 * @example
 * ```ts
 * const args: UnderlayNetworkArgs = { labId: "e0a1", cidr: "192.168.10.0/24", mode: UnderlayMode.Nat };
 * ```
 */
export interface UnderlayNetworkArgs {
  /** The lab's id: part of every name in libvirt. */
  labId: pulumi.Input<string>;
  /** IPv4 or IPv6 network of the VTEPs; its first address is the hypervisor's. */
  cidr: pulumi.Input<string>;
  /** Largest IP packet, bytes. @default 1500 */
  mtu?: pulumi.Input<number>;
  /** Whether the machines see more than each other. @default UnderlayMode.Isolated */
  mode?: pulumi.Input<UnderlayMode>;
  /** Its part of the name in libvirt, for a second one on the same hypervisor. @default "underlay" */
  network?: pulumi.Input<string>;
  /** The hypervisor's URI: lets a failed create be cleared away. @default nothing is cleared */
  libvirtUri?: string;
}

/**
 * The network between the machines: a libvirt bridge without DHCP, since every address is planned. libvirt's dnsmasq still answers DNS on
 * the gateway, because provider 0.8.3 does not pass `dns.enabled: false` on; machines that are not isolated use it.
 *
 * @example
 * ```ts
 * const { networkId } = new UnderlayNetwork("underlay", { labId: "e0a1", cidr: "192.168.10.0/24" });
 * ```
 */
export class UnderlayNetwork extends pulumi.ComponentResource {
  /** Id of the libvirt network. */
  public readonly networkId: pulumi.Output<string>;
  /** Its name in libvirt. */
  public readonly networkName: pulumi.Output<string>;
  /** Largest IP packet, bytes. */
  public readonly mtu: pulumi.Output<number>;

  constructor(name: string, args: UnderlayNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super(token("UnderlayNetwork"), name, args, opts);
    this.mtu = pulumi.output(args.mtu ?? UNDERLAY.mtu.default);
    const network = new libvirt.Network(child(name, "net"), networkArgs(args, this.mtu), {
      parent: this,
      deleteBeforeReplace: true,
      // 0.8.3 shows these edits as updates and then does nothing (resource_libvirt_network.go, Update).
      replaceOnChanges: ["mtu", "dhcp"],
      hooks: clearsOrphans(child(name, "net"), args.libvirtUri),
    });
    this.networkId = network.id;
    this.networkName = network.name;
    this.registerOutputs({ networkId: this.networkId, networkName: this.networkName, mtu: this.mtu });
  }
}

/** libvirt's names of the modes (libvirt.org/formatnetwork.html, `forward`). */
const FORWARD: Readonly<Record<UnderlayMode, string>> = {
  [UnderlayMode.Isolated]: "none",
  [UnderlayMode.Nat]: "nat",
  [UnderlayMode.Routed]: "route",
};

function networkArgs(args: UnderlayNetworkArgs, mtu: pulumi.Output<number>): libvirt.NetworkArgs {
  return {
    name: libvirtName(args.labId, args.network ?? "underlay"),
    mode: pulumi.output(args.mode).apply((mode) => FORWARD[mode ?? UnderlayMode.Isolated]),
    addresses: [args.cidr],
    mtu,
    autostart: true,
    dhcp: { enabled: false },
  };
}
