/**
 * What a deployment changes, in the field's words: types and helpers for the `words.ts` of each thing. Where the edits come
 * from is in cli/changes/.
 */
/** What happens to a thing: it is new, removed, updated in place, recreated, or was changed by hand. */
export type ChangeKind = "added" | "changed" | "removed" | "rebuilt" | "drifted";

/** The input of a component with what was wrong on its host (components/repair.ts). */
export const REPAIR = "repair";

/** One change. Things whose changes have the same text share one. It never contains the value of a secret. */
export interface Change {
  kind: ChangeKind;
  /** The kind of thing: host, segment, container, … */
  thing: string;
  names: string[];
  /** Names of the hosts that it is on. */
  hosts: string[];
  /** What differs, or what a new thing is like. Of a rebuilt one: why. */
  facts: string[];
  /** What is lost with it. */
  loss?: string;
}

/** Inputs of a resource, as in the engine's events. */
export type Inputs = Readonly<Record<string, unknown>>;

export type EditOp = "same" | "create" | "update" | "delete" | "replace";

/** A resource of the program and what happens to it. */
export interface Edit {
  op: EditOp;
  type: string;
  /** The deployed type, if it was another one. */
  oldType?: string;
  /** Of the resource. */
  name: string;
  /** As deployed; empty for a new one. */
  old: Inputs;
  /** As wanted; empty for one that is deleted. */
  now: Inputs;
  /** The resources below it. */
  children: readonly Edit[];
}

/** Which thing an edit is about. */
interface Subject {
  name: string;
  /** The host that it is on; undefined if it is on none, or if the state is older than that input. */
  host?: string | undefined;
}

/** The words for one edit. */
export type Said = Pick<Change, "kind" | "facts" | "loss">;

/** The other changes of the same deployment. */
export interface Surroundings {
  /** All edits, whatever they are about. */
  all: readonly Edit[];
  /** What happens to the host of that name: "replace" when it is rebuilt. Undefined when it belongs to another stack. */
  host(name: string | undefined): EditOp | undefined;
}

/** How a kind of thing describes its changes. */
export interface Words {
  thing: string;
  /** Types of its components. */
  types: readonly string[];
  /** True if each of these things is on one host only: then equal changes are merged even if their hosts differ. */
  single?: boolean;
  subject(edit: Edit, around: Surroundings): Subject;
  /** Undefined if another thing describes it, or nothing happens. */
  say(edit: Edit, around: Surroundings): Said | undefined;
  /** The change in words, without its mark. */
  line(change: Change): string;
}

/** How an input is shown: a label, a function that describes the change (undefined: not shown), or false if another thing shows it. */
export type Label = string | false | ((old: unknown, now: unknown) => string | undefined);

/** The engine's placeholder for unknown values (sdk/go/common/resource/plugin, UnknownStringValue). */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** Marks a secret in the engine's JSON (sdk/go/common/resource, SigKey). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

export const isUnknown = (value: unknown): boolean => value === UNKNOWN;

function isSecret(value: unknown): boolean {
  return isObject(value) && SIGNATURE in value;
}

/** What differs between the old and the new inputs, in the order of `labels`. Inputs without a label are called by their key. */
export function facts(
  labels: Readonly<Record<string, Label>>,
  { old, now }: Pick<Edit, "old" | "now">,
): string[] {
  const keys = [...new Set([...Object.keys(labels), ...Object.keys(old), ...Object.keys(now)])];
  return keys.flatMap((key) => {
    const label = labels[key] ?? key;
    if (label === false || isEqual(old[key], now[key])) return [];
    const fact = typeof label === "string" ? from(label, old[key], now[key]) : label(old[key], now[key]);
    return fact === undefined || fact === "" ? [] : [fact];
  });
}

/** "memory 256 → 512" */
export function from(label: string, old: unknown, now: unknown): string {
  if (now === undefined) return `${label} removed (was ${shown(old)})`;
  return old === undefined ? `${label} ${shown(now)}` : `${label} ${shown(old)} → ${shown(now)}`;
}

/** A value in few words. */
export function shown(value: unknown): string {
  if (isUnknown(value)) return "known after up";
  if (isSecret(value)) return "(secret)";
  if (value === undefined || value === null) return "none";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(shown).join(" ");
  if (isObject(value))
    return Object.entries(value)
      .map(([key, one]) => `${key} ${shown(one)}`)
      .join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Which members of a list are added and removed: "tunnel to 192.168.10.3 added". */
export function members(label: string, old: unknown, now: unknown): string | undefined {
  const [was, is] = [texts(old), texts(now)];
  const gone = was.filter((one) => !is.includes(one));
  const come = is.filter((one) => !was.includes(one));
  if (gone.length === 1 && come.length === 1) return `${label} ${gone.join()} → ${come.join()}`;
  const words = (some: string[], verb: string) =>
    some.length === 0 ? [] : [`${label} ${some.join(", ")} ${verb}`];
  return [...words(come, "added"), ...words(gone, "removed")].join(", ");
}

/** Paths of the secrets among inputs: "env.TOKEN". */
export function secretPaths(inputs: unknown, path = ""): string[] {
  if (isSecret(inputs)) return [path];
  if (!isObject(inputs)) return [];
  return Object.entries(inputs).flatMap(([key, one]) =>
    secretPaths(one, path === "" ? key : `${path}.${key}`),
  );
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(shown) : [];
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function isEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, i) => isEqual(one, b[i]));
  if (!isObject(a) || !isObject(b)) return a === b;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => isEqual(a[key], b[key]));
}

/** An input that is a name. @default the resource's name */
export function nameIn({ old, now, name }: Edit, key: string): string {
  const found = now[key] ?? old[key];
  return typeof found === "string" && !isUnknown(found) ? found : name;
}

/** The host that a thing is on. */
export function hostIn({ old, now }: Edit): string | undefined {
  const found = now["hostName"] ?? old["hostName"];
  return typeof found === "string" && !isUnknown(found) ? found : undefined;
}

/** kvm2 before kvm10. */
export const naturalOrder = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

/** "kvm2, kvm10" */
export const listed = (names: readonly string[]): string => [...names].sort(naturalOrder).join(", ");

/** " on kvm1, kvm2"; nothing without hosts. */
export const onHosts = (hosts: readonly string[]): string =>
  hosts.length === 0 ? "" : ` on ${listed(hosts)}`;

/** " (VNI 100 → 101; …)"; nothing without facts. */
export const because = (said: readonly string[]): string =>
  said.length === 0 ? "" : ` (${said.join("; ")})`;

/** ": what it wrote is lost"; nothing when nothing is. */
export const losing = (loss: string | undefined): string => (loss === undefined ? "" : `: ${loss}`);

/** The words for a thing that is created, deleted or rebuilt with its host: none, because the host's own change covers it. */
export const withItsHost =
  (labels: Readonly<Record<string, Label>>, described: (inputs: Inputs) => string[]): Words["say"] =>
  (edit, around) => {
    const on = around.host(hostIn(edit));
    if (edit.op === "create")
      return on === "create" ? undefined : { kind: "added", facts: described(edit.now) };
    if (edit.op === "delete") return on === "delete" ? undefined : { kind: "removed", facts: [] };
    // A changed VTEP is shown with the host.
    const differing = facts(on === "replace" ? { ...labels, local: false } : labels, edit);
    if (edit.op === "replace" && on !== "replace")
      return { kind: "rebuilt", facts: [...differing, "its host is another machine"] };
    return differing.length === 0 ? undefined : { kind: "changed", facts: differing };
  };

/** The line of a thing that is on hosts. */
export const titled =
  (title: (change: Change) => string): Words["line"] =>
  (change) => {
    const { kind, hosts, facts: said } = change;
    if (kind === "changed")
      return `${hosts.length === 0 ? "" : `${listed(hosts)}: `}${title(change)}: ${said.join("; ")}`;
    return kind === "rebuilt"
      ? `${title(change)}${onHosts(hosts)} is set up again${because(said)}`
      : `${title(change)}${because(said)}${onHosts(hosts)}`;
  };
