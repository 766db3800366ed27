/** A host's bridge in the words of a preview. */
import { because, facts, hostIn, listed, nameIn, onHosts, shown } from "../../plan/change";
import type { Label, Words } from "../../plan/change";

const LABELS: Readonly<Record<string, Label>> = {
  bridge: "name",
  address: "address",
  mtu: "MTU",
  mac: "MAC",
  guard: (_, now) => `host guard ${now === false ? "off" : "on"}`,
  tools: () => "another version of the guest tools",
  // The plan's word for bridge.
  name: false,
  hostName: false,
  labId: false,
};

export const bridgeWords: Words = {
  thing: "bridge",
  types: ["vxlab:index:OvsBridge"],
  single: true,
  subject: (edit) => ({ name: nameIn(edit, "bridge"), host: hostIn(edit) }),
  say(edit, around) {
    const on = around.host(hostIn(edit));
    const { address } = edit.now;
    if (edit.op === "create")
      return on === "create"
        ? undefined
        : { kind: "added", facts: address === undefined ? [] : [shown(address)] };
    if (edit.op === "delete") return on === "delete" ? undefined : { kind: "removed", facts: [] };
    const differing = facts(LABELS, edit);
    if (edit.op === "replace" && on !== "replace")
      return { kind: "rebuilt", facts: [...differing, "its host is another machine"] };
    return differing.length === 0 ? undefined : { kind: "changed", facts: differing };
  },
  line: ({ kind, names, hosts, facts: said }) => {
    const title = `bridge ${listed(names)}`;
    if (kind === "changed")
      return `${hosts.length === 0 ? "" : `${listed(hosts)}: `}${title}: ${said.join("; ")}`;
    return kind === "rebuilt"
      ? `${title}${onHosts(hosts)} is set up anew${because(said)}`
      : `${title}${onHosts(hosts)}${because(said)}`;
  },
};
