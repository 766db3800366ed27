/** Hosts that a lab does without for now (`vxlab:absent`): the settings as if these were not in them. */
import { TopologyError } from "./errors";
import type { Problem } from "./problem";
import { suggest } from "./rules";
import { isMapping, mappingOf } from "./shape";

/** Lists of host names, wherever they are in the settings. */
const LISTS = /^(hosts|reflectors)$/;
/** Settings that are the name of one host. */
const NAMES = /^hub$/;

/**
 * Sections of settings, of any type, without what is on an absent host or names one: its containers, its gateways and DHCP servers, its
 * place in lists of hosts. A segment of absent hosts alone is left out.
 *
 * @param absent names of hosts
 */
function withoutHosts(
  sections: Readonly<Record<string, unknown>>,
  absent: readonly string[],
): Record<string, unknown> {
  if (absent.length === 0) return { ...sections };
  const kept = mapped(sections, absent);
  const { hosts } = kept;
  if (!isMapping(hosts)) return kept;
  return {
    ...kept,
    hosts: Object.fromEntries(Object.entries(hosts).filter(([name]) => !absent.includes(name))),
  };
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

function mapped(
  settings: Readonly<Record<string, unknown>>,
  absent: readonly string[],
): Record<string, unknown> {
  const entries = Object.entries(settings).map(([key, value]) => [key, pruned(key, value, absent)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Undefined: the setting goes with the host. */
function pruned(key: string, value: unknown, absent: readonly string[]): unknown {
  const gone = (one: unknown): boolean => typeof one === "string" && absent.includes(one);
  if (NAMES.test(key) && gone(value)) return undefined;
  if (Array.isArray(value)) return LISTS.test(key) ? value.filter((one) => !gone(one)) : value;
  if (!isMapping(value)) return value;
  if (gone(value["host"])) return undefined;
  const { hosts } = value;
  const alone = Array.isArray(hosts) && hosts.length > 0 && hosts.every(gone);
  return alone ? undefined : mapped(value, absent);
}
