/** Reads a topology out of data of any kind. */
import { checkLab } from "./check";
import type { Problem } from "./problem";
import { SECTIONS, TOPOLOGY } from "./settings";
import type { Topology } from "./settings";
import { outsideOf, shaped } from "./shape";

/**
 * A topology with everything that is wrong with it.
 *
 * @param raw by section; a section left out is empty
 * @returns the topology, which is only good to use when there are no problems
 */
export function readTopology(raw: Readonly<Record<string, unknown>>): {
  topology: Topology;
  problems: Problem[];
} {
  const wanted = SECTIONS.filter((section) => section !== "underlays" || raw[section] !== undefined);
  const given = Object.fromEntries(wanted.map((section) => [section, raw[section] ?? {}]));
  const { value, problems, broken } = shaped({ kind: "section", fields: TOPOLOGY, doc: "" }, given);
  // The values may still be anything, which is what checkLab is made for.
  const topology = value as Topology;
  return { topology, problems: [...problems, ...outsideOf(broken, checkLab(topology))] };
}
