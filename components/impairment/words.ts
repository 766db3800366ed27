/**
 * Describes the changes of an impairment for a preview. It is a resource on each host whose packets it impairs, and has one line for all of
 * them.
 */
import { facts, hostIn, listed, nameIn, shown } from "../../plan/change";
import type { Edit, Inputs, Label, Surroundings, Words } from "../../plan/change";

const TYPE = "vxlab:index:Impairment";

const LABELS: Readonly<Record<string, Label>> = {
  where: (old, now) => `now ${shown(now)} (was ${shown(old)})`,
  ...Object.fromEntries(
    ["delay", "jitter", "loss", "duplicate", "reorder", "corrupt", "rate"].map((key) => [key, key]),
  ),
  // Shown by `where`.
  links: false,
  ports: false,
  impairment: false,
  local: false,
  bridge: false,
  hostName: false,
  labId: false,
};

export const impairmentWords: Words = {
  thing: "impairment",
  types: [TYPE],
  subject: (edit) => ({ name: nameIn(edit, "impairment"), host: hostIn(edit) }),
  say(edit, around) {
    const others = siblings(edit, around);
    if (edit.op === "create")
      return existsElsewhere(others) ? undefined : { kind: "added", facts: described(edit.now) };
    if (edit.op === "delete")
      return existsElsewhere(others) ? undefined : { kind: "removed", facts: described(edit.old) };
    const differing = facts(LABELS, edit);
    return differing.length === 0 ? undefined : { kind: "changed", facts: differing };
  },
  line: ({ kind, names, facts: said }) =>
    kind === "changed"
      ? `impairment ${listed(names)}: ${said.join("; ")}`
      : `impairment ${listed(names)}: ${said.join(", ")}`,
};

/** The same impairment on other hosts. */
const siblings = (edit: Edit, { all }: Surroundings): Edit[] =>
  all.filter(
    (one) => one !== edit && one.type === TYPE && nameIn(one, "impairment") === nameIn(edit, "impairment"),
  );

/** If it also exists on another host before and after, its change is described there. */
const existsElsewhere = (others: readonly Edit[]): boolean =>
  others.some(({ op }) => op === "update" || op === "same");

function described(inputs: Inputs): string[] {
  const effects = Object.keys(LABELS).filter(
    (key) => typeof LABELS[key] === "string" && inputs[key] !== undefined,
  );
  return [
    ...(inputs["where"] === undefined ? [] : [shown(inputs["where"])]),
    ...effects.map((key) => `${key} ${shown(inputs[key])}`),
  ];
}
