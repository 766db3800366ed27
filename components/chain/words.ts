/** Describes the changes of a service chain for a preview. */
import { because, facts, isEqual, isObject, listed, nameIn, shown } from "../../plan/change";
import type { Edit, Inputs, Label, Words } from "../../plan/change";
import { CHAIN } from "./spec";

/** The ends, the middle boxes and their hosts are shown as one fact: the path. */
const LABELS: Readonly<Record<string, Label>> = {
  from: false,
  through: false,
  to: false,
  failure: (_, now) => fails(now),
  probe: (_, now) => probed(now),
  encapsulation: "encapsulation",
  udpPort: "UDP port",
  chain: "name",
  labId: false,
};

export const chainWords: Words = {
  thing: "chain",
  types: ["vxlab:index:ServiceChain"],
  subject: (edit) => ({ name: nameIn(edit, "chain") }),
  say(edit) {
    const { op, old, now } = edit;
    if (op === "create")
      return { kind: "added", facts: [way(now), fails(now["failure"]), ...optional(now["probe"])] };
    if (op === "delete") return { kind: "removed", facts: [way(old)] };
    const differing = [...moved(edit), ...facts(LABELS, edit)];
    return differing.length === 0 ? undefined : { kind: "changed", facts: differing };
  },
  line: ({ kind, names, facts: said }) => {
    const title = `chain ${listed(names)}`;
    if (kind === "added") return `${title}: ${said.join(", ")}`;
    return kind === "removed" ? `${title}${because(said)}` : `${title}: ${said.join("; ")}`;
  },
};

/** Another way, or another MAC or address of an end. */
function moved({ old, now }: Edit): string[] {
  const [was, is] = [way(old), way(now)];
  if (was !== is) return [`${was} becomes ${is}`];
  const same = ["from", "through", "to"].every((key) => isEqual(old[key], now[key]));
  return same ? [] : ["interfaces of its hops"];
}

/** "c1 → m1@kvm1 → m2@kvm3 → c2" */
function way({ from, through, to }: Inputs): string {
  const boxes = Array.isArray(through) ? (through as unknown[]) : [];
  return [
    name(from),
    ...boxes.map((box) => `${name(box)}@${isObject(box) ? shown(box["hostName"]) : ""}`),
    name(to),
  ].join(" → ");
}

const name = (hop: unknown): string => (isObject(hop) ? shown(hop["hop"]) : "?");
const probed = (probe: unknown): string =>
  probe === undefined ? "its boxes are no longer probed" : `its boxes are probed every ${shown(probe)} ms`;
const optional = (probe: unknown): string[] => (probe === undefined ? [] : [probed(probe)]);
const fails = (failure: unknown): string => `fails ${shown(failure ?? CHAIN.failure.default)}`;
