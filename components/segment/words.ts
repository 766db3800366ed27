/** Describes the changes of a host's port in a segment for a preview. */
import { facts, hostIn, isObject, listed, members, nameIn, shown, titled } from "../../plan/change";
import type { Edit, Label, Said, Surroundings, Words } from "../../plan/change";
import { SEGMENT } from "./spec";

const PORT = "vxlab:index:VxlanPort";

const LABELS: Readonly<Record<string, Label>> = {
  vni: "VNI",
  encapsulation: "encapsulation",
  udpPort: "UDP port",
  vlan: "VLAN",
  mtu: "MTU",
  flooding: "flooding",
  group: "multicast group",
  ttl: "TTL",
  protected: (_, now) => (now === false ? "is the hub" : "is no longer the hub"),
  bfd: (_, now) => (now === true ? "its tunnels are probed by BFD" : "its tunnels are no longer probed"),
  local: "VTEP",
  remotes: (old, now) => members("tunnel to", old, now),
  senders: (old, now) => members("packets from", old, now),
  stations: (old, now) => members("station", stations(old), stations(now)),
  bridge: "bridge",
  segment: "name",
  hostName: false,
  labId: false,
};

export const segmentWords: Words = {
  thing: "segment",
  types: [PORT],
  subject: (edit) => ({ name: segmentOf(edit), host: hostIn(edit) }),
  say(edit, around) {
    const on = around.host(hostIn(edit));
    if (edit.op === "create")
      return isNew(edit, around) || on !== "create"
        ? { kind: "added", facts: described(edit.now) }
        : undefined;
    if (edit.op === "delete")
      return isGone(edit, around) || on !== "delete" ? { kind: "removed", facts: [] } : undefined;
    const differing = facts(labelsOf(edit, on === "replace"), edit);
    if (edit.op === "replace" && on !== "replace") return recreated(differing);
    return differing.length === 0 ? undefined : { kind: "changed", facts: differing };
  },
  line: titled(({ names }) => `${names.length > 1 ? "segments" : "segment"} ${listed(names)}`),
};

/** The name of a port's segment; without one its VNI. */
export function segmentOf(edit: Edit): string {
  const vni = edit.now["vni"] ?? edit.old["vni"];
  return nameIn({ ...edit, name: `VNI ${shown(vni)}` }, "segment");
}

const ports = (edit: Edit, { all }: Surroundings): Edit[] =>
  all.filter((one) => one.type === PORT && segmentOf(one) === segmentOf(edit));
const isNew = (edit: Edit, around: Surroundings): boolean =>
  ports(edit, around).every(({ op }) => op === "create");
const isGone = (edit: Edit, around: Surroundings): boolean =>
  ports(edit, around).every(({ op }) => op === "delete");

/** If the way to flood changes, settings that only one way has are left out. A changed address of a rebuilt host is shown with the host. */
function labelsOf({ old, now }: Edit, rebuilt: boolean): Readonly<Record<string, Label>> {
  const way =
    old["flooding"] === now["flooding"]
      ? {}
      : { stations: false, group: false, ttl: false, mtu: false, senders: false };
  // The remotes are learned by BGP.
  const evpn = old["flooding"] !== now["flooding"] && [old["flooding"], now["flooding"]].includes("evpn");
  return {
    ...LABELS,
    ...(evpn ? { remotes: false as const } : {}),
    ...(way as Record<string, false>),
    ...(rebuilt ? { local: false as const } : {}),
  };
}

const described = ({ vni, vlan, flooding }: Edit["now"]): string[] => [
  `VNI ${shown(vni)}`,
  ...(vlan === undefined ? [] : [`VLAN ${shown(vlan)}`]),
  ...(flooding === undefined || flooding === SEGMENT.flooding.default ? [] : [`flooding ${shown(flooding)}`]),
];

const recreated = (differing: string[]): Said => ({
  kind: "rebuilt",
  facts: differing.length > 0 ? differing : ["its host is another machine"],
});

/** "10.0.3.12 at 192.168.10.3" */
function stations(value: unknown): string[] {
  const all = Array.isArray(value) ? (value as unknown[]) : [];
  return all.flatMap((one) => (isObject(one) ? [`${shown(one["addresses"])} at ${shown(one["vtep"])}`] : []));
}
