/**
 * The definition of an underlay's network, as the provider made it (dmacvicar/libvirt 0.8.3, resource_libvirt_network.go), from a stack's
 * state. With the same UUID and bridge it is the same network: machines keep running, and the engine sees no change. Pure.
 */
import { addressNumber, addressText } from "../../plan/addresses";
import type { StateResource } from "../state/stack";

const NETWORK = "libvirt:index/network:Network";

interface Outputs {
  name?: string;
  bridge?: string;
  mode?: string;
  mtu?: number;
  addresses?: string[];
}

/** Undefined when the state has no such network, or lacks some of its values. */
export function networkXml(state: readonly StateResource[], name: string): string | undefined {
  const one = state.find(({ type, outputs }) => type === NETWORK && outputs?.["name"] === name);
  const { bridge, mode = "none", mtu, addresses } = (one?.outputs ?? {}) as Outputs;
  if (one?.id === undefined || bridge === undefined || addresses === undefined) return undefined;
  return [
    "<network>",
    `  <name>${text(name)}</name>`,
    `  <uuid>${text(one.id)}</uuid>`,
    ...(mode === "none" ? [] : [`  <forward mode="${text(mode)}"/>`]),
    `  <bridge name="${text(bridge)}" stp="on" delay="0"/>`,
    ...(mtu === undefined ? [] : [`  <mtu size="${mtu}"/>`]),
    ...addresses.map(ip),
    "</network>",
    "",
  ].join("\n");
}

/** The hypervisor has the first address of the network. */
function ip(cidr: string): string {
  const [network = "", bits = ""] = cidr.split("/");
  const family = network.includes(":") ? ' family="ipv6"' : "";
  return `  <ip${family} address="${addressText(addressNumber(network) + 1n)}" prefix="${text(bits)}"/>`;
}

const text = (value: string): string => value.replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);
