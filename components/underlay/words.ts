/** Describes the changes of the network between the machines for a preview. */
import { because, facts, listed, shown } from "../../plan/change";
import type { Label, Words } from "../../plan/change";

/** UnderlayNetworkArgs.network. */
const ONLY = "underlay";
const NETWORK = "libvirt:index/network:Network";

const LABELS: Readonly<Record<string, Label>> = {
  cidr: "network",
  mtu: "MTU",
  mode: "mode",
  libvirtUri: "hypervisor",
  // These change together with the network.
  gateway: false,
  prefix: false,
  network: false,
  labId: false,
};

export const underlayWords: Words = {
  thing: "underlay",
  types: ["vxlab:index:UnderlayNetwork"],
  // A lab's only underlay has no name of its own.
  subject: ({ old, now }) => ({ name: shown(now["network"] ?? old["network"] ?? ONLY) }),
  say(edit) {
    const { cidr, mtu, mode } = edit.now;
    if (edit.op === "create")
      return {
        kind: "added",
        facts: [
          shown(cidr),
          ...(mtu === undefined ? [] : [`MTU ${shown(mtu)}`]),
          ...(mode === undefined ? [] : [shown(mode)]),
        ],
      };
    if (edit.op === "delete") return { kind: "removed", facts: [shown(edit.old["cidr"])] };
    const differing = facts(LABELS, edit);
    const anew = edit.children.some(({ type, op }) => type === NETWORK && op === "replace");
    if (!anew && differing.length === 0) return undefined;
    return { kind: anew ? "rebuilt" : "changed", facts: differing };
  },
  line: ({ kind, names, facts: said }) => {
    const title = names.includes(ONLY) ? ONLY : `underlay ${listed(names)}`;
    if (kind === "changed") return `${title}: ${said.join("; ")}`;
    return `${title}${kind === "rebuilt" ? " is recreated" : ""}${because(said)}`;
  },
};
