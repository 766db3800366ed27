/** The result of comparing the hosts, one line for each difference. Pure. */
import type { Difference } from "../../verify/look";
import type { Look } from "../access/look";

/** "kvm1: segment red: tunnel vx100-c0a80a03 is missing" */
const differenceText = ({ host, thing, found }: Difference): string => `${host}: ${thing}: ${found}`;

/** Longest list of differences of one thing; --json has all. */
const LISTED = 5;

function brief(all: readonly Difference[]): string[] {
  const things = new Map<string, Difference[]>();
  for (const one of all)
    things.set(`${one.host}: ${one.thing}`, [...(things.get(`${one.host}: ${one.thing}`) ?? []), one]);
  return [...things].flatMap(([thing, own]) => [
    ...own.slice(0, LISTED).map(differenceText),
    ...(own.length > LISTED ? [`${thing}: ${own.length - LISTED} more (--json lists them)`] : []),
  ]);
}

export function lookText({ differences, unknown, foreign }: Look, hosts: number): string {
  const known = hosts - new Set(unknown.map(({ host }) => host)).size;
  const end =
    differences.length > 0
      ? `${differences.length} ${differences.length === 1 ? "difference" : "differences"}: ./vxlab up repairs ${differences.length === 1 ? "it" : "them"}`
      : `no drift on ${known} ${known === 1 ? "host" : "hosts"}`;
  return [
    ...brief(differences),
    ...unknown.map(({ host, why }) => `${host}: not known: ${why}`),
    ...foreign.map(({ host, what }) => `${host}: foreign, left alone: ${what}`),
    end,
  ].join("\n");
}
