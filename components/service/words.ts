/** Describes the changes of a segment's gateway and DHCP server for a preview. */
import { because, facts, from, hostIn, isObject, listed, onHosts, shown } from "../../plan/change";
import type { Edit, Label, Surroundings, Words } from "../../plan/change";
import { segmentOf } from "../segment/words";

const PORT = "vxlab:index:VxlanPort";

const LABELS: Readonly<Record<string, Label>> = {
  addresses: "address",
  nat: "NAT",
  nat6: "IPv6 NAT",
  dhcp: (old, now) => from("DHCP", lent(old), lent(now)),
  mtu: "MTU",
  vlan: "VLAN",
  mac: "MAC",
  closed: "destinations closed to NAT",
  bridge: "bridge",
  // Shown with the host.
  local: false,
  device: false,
  hostName: false,
  labId: false,
};

export const serviceWords: Words = {
  thing: "service",
  types: ["vxlab:index:SegmentService"],
  single: true,
  subject: (edit, around) => ({ name: nameOf(edit, around), host: hostIn(edit) }),
  say(edit) {
    if (edit.op === "create") return { kind: "added", facts: described(edit.now) };
    if (edit.op === "delete") return { kind: "removed", facts: described(edit.old) };
    const [was, is] = [edit.old["hostName"], edit.now["hostName"]];
    const moved = was === undefined || is === undefined || was === is ? [] : [`moves from ${shown(was)}`];
    const differing = [...moved, ...facts(LABELS, edit)];
    return differing.length === 0 ? undefined : { kind: "changed", facts: differing };
  },
  line: ({ kind, names, hosts, facts: said }) =>
    kind === "changed"
      ? `segment ${listed(names)}: service${onHosts(hosts)}: ${said.join("; ")}`
      : `segment ${listed(names)}: service${onHosts(hosts)}${because(said)}`,
};

/** The name of the segment. The component has no argument for it, so it is taken from the host's port with the same VLAN. */
function nameOf(edit: Edit, { all }: Surroundings): string {
  const [{ vlan }, host] = [edit.op === "delete" ? edit.old : edit.now, hostIn(edit)];
  const port = all.find(
    (one) =>
      one.type === PORT && hostIn(one) === host && (one.now["vlan"] === vlan || one.old["vlan"] === vlan),
  );
  return port === undefined ? edit.name : segmentOf(port);
}

function described({ addresses, nat, nat6, dhcp }: Edit["now"]): string[] {
  const range = lent(dhcp);
  const leads = nat === true || nat6 === true;
  return [
    ...(leads ? [`gateway ${shown(addresses)}, ${nat === true ? "NAT" : "IPv6 NAT"}`] : [shown(addresses)]),
    ...(range === undefined ? [] : [`DHCP ${range}`]),
  ];
}

/** "10.0.3.100-10.0.3.200" */
function lent(dhcp: unknown): string | undefined {
  return isObject(dhcp) ? `${shown(dhcp["first"])}-${shown(dhcp["last"])}` : undefined;
}
