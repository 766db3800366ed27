/** Describes the changes of a check for a preview. */
import { facts, from, hostIn, isUnknown, listed, nameIn } from "../../plan/change";
import type { Edit, Label, Words } from "../../plan/change";
import { sentenceOf } from "./sentence";
import type { Asked } from "./sentence";

const LABELS: Readonly<Record<string, Label>> = {
  from: "asks from",
  // Known by its name or, without one, by its address.
  to: (old, now) => from("address", old, now),
  target: "asks",
  kind: "kind",
  port: "port",
  path: "path",
  atLeast: "rate",
  reach: (_, now) => (now === false ? "must not be reached" : "must be reached"),
  within: "seconds",
  crosses: () => "runs again: what it crosses changes",
  check: false,
  hostName: false,
  labId: false,
};

export const connectivityWords: Words = {
  thing: "check",
  types: ["vxlab:index:Connectivity"],
  single: true,
  subject: (edit) => ({ name: nameIn(edit, "check"), host: hostIn(edit) }),
  say(edit, around) {
    if (edit.op === "create") return { kind: "added", facts: [clause(edit)] };
    if (edit.op === "delete") return { kind: "removed", facts: [] };
    if (around.host(hostIn(edit)) === "replace") return undefined;
    const differing = facts(LABELS, edit);
    return differing.length === 0 ? undefined : { kind: "changed", facts: differing };
  },
  line({ names, facts: said }) {
    const title = `${names.length > 1 ? "checks" : "check"} ${listed(names)}`;
    return said.length === 0 ? title : `${title}: ${said.join("; ")}`;
  },
};

function clause({ now }: Edit): string {
  const known = Object.entries(now).filter(([, value]) => !isUnknown(value));
  return sentenceOf(Object.fromEntries(known) as unknown as Asked);
}
