/** Hosts that are left out of a lab for now (`vxlab:absent`): the settings as if these hosts were not in them. */
import { TopologyError } from "./errors";
import type { Problem } from "./problem";
import { suggest } from "./rules";
import { isMapping, mappingOf } from "./shape";

/** Which settings name something: the name is removed from lists, and an entry with another key that has this value is removed too. */
interface Naming {
  lists: RegExp;
  /** Lists whose entries each belong to a named thing. */
  things: RegExp;
  /** Only the key is removed; the entry that has it stays. */
  options: RegExp;
  /** An entry with such a key is removed: it is on the thing, or about it. */
  owners: RegExp;
}

const NONE = /^$/;
const HOST: Naming = {
  lists: /^(hosts|reflectors)$/,
  things: /^gateways$/,
  ...{ options: /^hub$/, owners: /^(host|between)$/ },
};
const CONTAINER: Naming = {
  lists: NONE,
  things: NONE,
  options: NONE,
  owners: /^(container|from|to|through)$/,
};
const SEGMENT: Naming = { lists: NONE, things: NONE, options: NONE, owners: /^segment$/ };

/**
 * Sections of settings, of any type, without what is on an absent host or names one: its containers, its gateways and DHCP servers, its
 * place in lists of hosts, and what is between it and another host. A segment with absent hosts only is left out.
 *
 * @param absent names of hosts
 */
function withoutHosts(
  sections: Readonly<Record<string, unknown>>,
  absent: readonly string[],
): Record<string, unknown> {
  if (absent.length === 0) return { ...sections };
  const { hosts } = sections;
  const kept = mapped(sections, absent, HOST);
  const containers = mapped(kept, goneFrom("containers", sections, kept), CONTAINER);
  const left = mapped(containers, goneFrom("segments", sections, kept), SEGMENT);
  if (!isMapping(hosts)) return left;
  const others = Object.entries(hosts).filter(([name]) => !absent.includes(name));
  return { ...left, hosts: Object.fromEntries(others) };
}

type Sections = Readonly<Record<string, unknown>>;

function goneFrom(section: string, before: Sections, after: Sections): string[] {
  const left = mappingOf(after[section]);
  return Object.keys(mappingOf(before[section])).filter((name) => !Object.hasOwn(left, name));
}

/** Sections without what is on absent hosts, and what is wrong with the setting `absent`. @param known names of all hosts */
export function presentOf(
  sections: Readonly<Record<string, unknown>>,
  absent: unknown,
  known = Object.keys(mappingOf(sections["hosts"])),
): { sections: Record<string, unknown>; problems: Problem[] } {
  const problems = checkAbsent(absent, known);
  if (problems.length > 0) return { sections: { ...sections }, problems };
  return { sections: withoutHosts(sections, absent as string[]), problems };
}

/**
 * As presentOf, for an overlay, whose hosts its underlay stack has.
 *
 * @throws TopologyError with what is wrong with the setting
 */
export function presentOn<Host>(
  hosts: Readonly<Record<string, Host>>,
  given: Readonly<Record<string, unknown>>,
  absent: unknown,
): { hosts: Record<string, Host>; sections: Record<string, unknown> } {
  const { sections, problems } = presentOf(given, absent, Object.keys(hosts));
  if (problems.length > 0) throw new TopologyError(problems);
  const left = Object.entries(hosts).filter(([name]) => !(absent as string[]).includes(name));
  return { hosts: Object.fromEntries(left), sections };
}

function checkAbsent(absent: unknown, known: readonly string[]): Problem[] {
  const cure = "Write a list of host names.";
  if (!Array.isArray(absent)) return [{ path: "absent", got: absent, message: "Is not a list.", cure }];
  const wrong = absent.flatMap((got: unknown, i): Problem[] => {
    const path = `absent[${i}]`;
    if (typeof got !== "string") return [{ path, got, message: "Is not a name.", cure }];
    if (known.includes(got)) return [];
    return [{ path, got, message: "Is not a host of this lab.", cure: suggest(got, known, "host") }];
  });
  const some = absent.length === 0 || known.some((name) => !absent.includes(name));
  if (wrong.length > 0 || some) return wrong;
  const way = "Remove a name from it; ./vxlab down removes a whole lab.";
  return [{ path: "absent", got: absent, message: "Leaves no host.", cure: way }];
}

function mapped(settings: Sections, gone: readonly string[], naming: Naming): Record<string, unknown> {
  if (gone.length === 0) return { ...settings };
  const entries = Object.entries(settings).map(
    ([key, value]) => [key, pruned(key, value, gone, naming)] as const,
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Undefined: the setting is removed. */
function pruned(key: string, value: unknown, gone: readonly string[], naming: Naming): unknown {
  const { lists, things, options, owners } = naming;
  const isGone = (one: unknown): boolean => typeof one === "string" && gone.includes(one);
  const names = (one: unknown): boolean => (Array.isArray(one) ? one.some(isGone) : isGone(one));
  if (options.test(key) && isGone(value)) return undefined;
  if (Array.isArray(value) && things.test(key))
    return value.flatMap((one: unknown) => pruned("", one, gone, naming) ?? []);
  if (Array.isArray(value)) return lists.test(key) ? value.filter((one) => !isGone(one)) : value;
  if (!isMapping(value)) return value;
  const entries = Object.entries(value);
  if (entries.some(([name, one]) => owners.test(name) && names(one))) return undefined;
  const alone = (one: unknown) => Array.isArray(one) && one.length > 0 && one.every(isGone);
  if (entries.some(([name, one]) => lists.test(name) && alone(one))) return undefined;
  return mapped(value, gone, naming);
}
