/** An Open vSwitch bridge as its host gets it. */
import type { ThingKind } from "../../plan/thing";
import { because, hostIn, listed, nameIn, onHosts, shown, titled, withItsHost } from "../../plan/change";
import type { Change, Label } from "../../plan/change";
import { HOST } from "../host/spec";
import { assumedMtu } from "../segment/mtu";

export interface BridgeState {
  /** At most 15 bytes (IFNAMSIZ). */
  name: string;
  /** MAC of its own interface. */
  mac: string;
  /** MTU of its own interface, bytes. */
  mtu: number;
  /** Address of its own interface, with prefix length. */
  address: string | null;
  /** Whether the host guard covers it (docs/security.md). */
  guard: boolean;
}

/** What a bridge is made from: the arguments of OvsBridge, resolved. */
export interface BridgeWanted {
  bridge?: string;
  mac: string;
  mtu?: number;
  address?: string;
  guard?: boolean;
}

export function bridgeState(wanted: BridgeWanted): BridgeState {
  const {
    bridge = HOST.bridge.default,
    mac,
    mtu = assumedMtu(),
    address = null,
    guard = HOST.guard.default,
  } = wanted;
  return { name: bridge, mac, mtu, address, guard };
}

const LABELS: Readonly<Record<string, Label>> = {
  bridge: "name",
  address: "address",
  mtu: "MTU",
  mac: "MAC",
  guard: (_, now) => `host guard ${now === false ? "off" : "on"}`,
  tools: () => "another version of the guest tools",
  // The plan's name for the bridge.
  name: false,
  hostName: false,
  labId: false,
};

const title = ({ names }: Change): string => `bridge ${listed(names)}`;

export const bridge: ThingKind = {
  scripts: ["components/bridge/guest.sh"],
  on: (_, { bridge: { name } }) => [name],
  words: {
    thing: "bridge",
    types: ["vxlab:index:OvsBridge"],
    single: true,
    subject: (edit) => ({ name: nameIn(edit, "bridge"), host: hostIn(edit) }),
    say: withItsHost(LABELS, ({ address }) => (address === undefined ? [] : [shown(address)])),
    line: (change) =>
      change.kind === "added" || change.kind === "removed"
        ? `${title(change)}${onHosts(change.hosts)}${because(change.facts)}`
        : titled(title)(change),
  },
};
