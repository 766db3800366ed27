/** A host's BGP router in the words of a preview. */
import { because, facts, hostIn, isObject, listed, members, onHosts, shown } from "../../plan/change";
import type { Label, Words } from "../../plan/change";

const LABELS: Readonly<Record<string, Label>> = {
  as: "AS",
  reflector: (_, now) => (now === true ? "is a route reflector" : "is not a route reflector any more"),
  neighbours: (old, now) => members("BGP session with", neighbours(old), neighbours(now)),
  listen: (old, now) => members("sessions from", old, now),
  // Made of the same networks.
  clients: false,
  local: "VTEP",
  bridge: "bridge",
  hostName: false,
  labId: false,
};

export const routerWords: Words = {
  thing: "router",
  types: ["vxlab:index:EvpnRouter"],
  subject: (edit) => ({ name: "EVPN router", host: hostIn(edit) }),
  say(edit, around) {
    const on = around.host(hostIn(edit));
    if (edit.op === "create")
      return on === "create" ? undefined : { kind: "added", facts: described(edit.now) };
    if (edit.op === "delete") return on === "delete" ? undefined : { kind: "removed", facts: [] };
    const differing = facts(on === "replace" ? { ...LABELS, local: false } : LABELS, edit);
    if (edit.op === "replace" && on !== "replace")
      return { kind: "rebuilt", facts: [...differing, "its host is another machine"] };
    return differing.length === 0 ? undefined : { kind: "changed", facts: differing };
  },
  line: ({ kind, hosts, facts: said }) => {
    const title = hosts.length > 1 ? "EVPN routers" : "EVPN router";
    if (kind === "changed")
      return `${hosts.length === 0 ? "" : `${listed(hosts)}: `}${title}: ${said.join("; ")}`;
    return kind === "rebuilt"
      ? `${title}${onHosts(hosts)} is set up anew${because(said)}`
      : `${title}${because(said)}${onHosts(hosts)}`;
  },
};

const described = ({ as, reflector }: Readonly<Record<string, unknown>>): string[] => [
  `AS ${shown(as)}`,
  ...(reflector === true ? ["route reflector"] : []),
];

/** "192.168.10.11 (AS 65001)" */
function neighbours(value: unknown): string[] {
  const all = Array.isArray(value) ? (value as unknown[]) : [];
  return all.flatMap((one) => (isObject(one) ? [`${shown(one["address"])} (AS ${shown(one["as"])})`] : []));
}
