/** What a deployment changes: the engine's edits in, typed changes out. Pure. */
import { hostWords, isRebuilt } from "../../components/host/words";
import { naturalOrder, isEqual, isUnknown, REPAIR } from "../../plan/change";
import type { Change, Edit, EditOp, Said, Surroundings, Words } from "../../plan/change";
import { THINGS } from "./things";

/** What `vxlab preview --json` prints of a stack. */
export interface Changes {
  changes: Change[];
  /** Resources that stay as they are. */
  unchanged: number;
}

const OURS = /^vxlab:index:/;

/** @param edits of one stack (`editsOf`) */
export function changesOf(edits: readonly Edit[]): Change[] {
  const around = surroundings(edits);
  const said = THINGS.flatMap((words) => {
    const mine = edits.filter(({ type }) => words.types.includes(type));
    return merged(
      words,
      mine.flatMap((edit) => spoken(words, edit, around)),
    );
  });
  return [...said, ...others(edits)];
}

function surroundings(all: readonly Edit[]): Surroundings {
  const hosts = all.filter(({ type }) => hostWords.types.includes(type));
  const ops = new Map<string, EditOp>();
  const around: Surroundings = { all, host: (name) => (name === undefined ? undefined : ops.get(name)) };
  for (const one of hosts) ops.set(hostWords.subject(one, around).name, isRebuilt(one) ? "replace" : one.op);
  return around;
}

function spoken(words: Words, edit: Edit, around: Surroundings): Change[] {
  const { name, host } = words.subject(edit, around);
  const drift = driftOf(edit);
  const rest = withoutRepair(edit);
  const said =
    drift === undefined
      ? (words.say(rest, around) ?? again(edit, around.host(host ?? name)))
      : edited(words, rest, around);
  const about = { thing: words.thing, names: [name], hosts: host === undefined ? [] : [host] };
  return [drift, said].flatMap((one) => (one === undefined ? [] : [{ ...about, ...one }]));
}

/** What else changes in a thing that has drifted. */
function edited(words: Words, rest: Edit, around: Surroundings): Said | undefined {
  return isEqual(rest.old, rest.now) ? undefined : words.say(rest, around);
}

/** What somebody changed on the host, so that the step runs again. */
function driftOf({ op, old, now }: Edit): Said | undefined {
  const found = now[REPAIR];
  if (op !== "update" || typeof found !== "string" || found === old[REPAIR]) return undefined;
  return { kind: "drifted", facts: [found] };
}

function withoutRepair(edit: Edit): Edit {
  const without = (inputs: Edit["now"]) =>
    Object.fromEntries(Object.entries(inputs).filter(([key]) => key !== REPAIR));
  return { ...edit, old: without(edit.old), now: without(edit.now) };
}

/**
 * A step that runs although its component is unchanged: the host is reached in another way, or vxlab's version has changed. Not for a new
 * machine.
 */
function again({ op, children }: Edit, host: EditOp | undefined): Said | undefined {
  if (host === "create" || host === "replace" || host === "delete" || op === "create" || op === "delete")
    return undefined;
  const steps = children.filter((one) => one.op === "update" || one.op === "replace");
  if (steps.length === 0) return undefined;
  const keys = steps.flatMap(({ old, now }) =>
    Object.keys({ ...old, ...now }).filter((key) => !isEqual(old[key], now[key]) && !isUnknown(now[key])),
  );
  const why = keys.length === 0 ? "" : ` (${[...new Set(keys)].join(", ")})`;
  return { kind: "changed", facts: [`applied again${why}`] };
}

/** Resources of the user's own program that do not belong to a lab. */
function others(edits: readonly Edit[]): Change[] {
  const inside = new Set(edits.filter(({ type }) => OURS.test(type)).flatMap(below));
  const kinds = {
    create: "added",
    update: "changed",
    delete: "removed",
    replace: "rebuilt",
    same: undefined,
  } as const;
  return edits.flatMap((edit): Change[] => {
    const kind = kinds[edit.op];
    if (kind === undefined || OURS.test(edit.type) || inside.has(edit)) return [];
    return [{ kind, thing: edit.type, names: [edit.name], hosts: [], facts: [] }];
  });
}

const below = (edit: Edit): Edit[] => edit.children.flatMap((one) => [one, ...below(one)]);

/** Merges changes with the same text: first those on several hosts, then those of several names. */
function merged({ single = false }: Words, all: readonly Change[]): Change[] {
  const perName = grouped(all, ({ names }) => names);
  const perHosts = grouped(perName, ({ hosts }) => hosts);
  return (single ? grouped(perHosts, () => []) : perHosts).sort(byName);
}

function grouped(all: readonly Change[], also: (change: Change) => readonly string[]): Change[] {
  const groups = new Map<string, Change>();
  for (const change of all) {
    const key = JSON.stringify([change.kind, change.facts, change.loss, also(change)]);
    const one = groups.get(key);
    const joined = { names: union(one?.names, change.names), hosts: union(one?.hosts, change.hosts) };
    groups.set(key, { ...change, ...joined });
  }
  return [...groups.values()];
}

const union = (a: readonly string[] = [], b: readonly string[]): string[] =>
  [...new Set([...a, ...b])].sort(naturalOrder);

/** The engine's events come in no order. */
const byName = (a: Change, b: Change): number =>
  naturalOrder(a.names.join(), b.names.join()) || naturalOrder(a.hosts.join(), b.hosts.join());
