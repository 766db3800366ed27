/** The stack output `lab`: its keyed form, and the lists that readers make of it. */
import { describe, expect, it } from "vitest";
import { LAB_SCHEMA } from "../../plan/contract";
import type { LabOutput } from "../../plan/contract";
import { publishedLab, readLab } from "../../plan/published-lab";
import { fabricLab, meshOf, referenceLab, twinSegments, twoSegments } from "../cli/fixture";

/** As a state keeps it: the engine sorts keys, and JavaScript puts names that are numbers first. */
function kept(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(kept);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, one]): [string, unknown] => [key, kept(one)]);
  return Object.fromEntries(entries.reverse());
}

/** Names that JavaScript would put in the order of their numbers. */
function numbered(): LabOutput {
  const lab = referenceLab();
  const [first, second] = lab.containers;
  return {
    ...lab,
    containers: [
      { ...first, name: "10" },
      { ...second, name: "9" },
    ],
  };
}

const LABS = { referenceLab, twoSegments, twinSegments, fabricLab, mesh: () => meshOf(12, 30), numbered };

describe("a published lab", () => {
  it.each(Object.entries(LABS))("%s is read back as it was", (_, make) => {
    const lab = make();
    expect(readLab(kept(publishedLab(lab)))).toEqual(lab);
  });

  it("is keyed by the names of its things", () => {
    const { schema, hosts, services, containers, underlays } = publishedLab(fabricLab());
    expect(schema).toBe(LAB_SCHEMA);
    expect(hosts["kvm1"]?.ports["red"]?.tunnels["kvm2"]).toEqual({
      port: "vx100-c0a80ade",
      host: "kvm2",
      address: "192.168.10.222",
    });
    expect(services["green"]?.host).toBe("kvm1");
    expect(containers["d1"]?.image).toBe("debian:12");
    expect(Object.keys(underlays)).toEqual(["underlay"]);
  });

  it("changes in one entry when a host comes between others", () => {
    const names = (all: Record<string, unknown>) => Object.keys(all);
    const [before, after] = [publishedLab(referenceLab()), publishedLab(twoSegments())];
    expect(names(after.hosts).filter((name) => !names(before.hosts).includes(name))).toEqual(["kvm3"]);
    expect(after.hosts["kvm2"]?.bridge).toEqual(before.hosts["kvm2"]?.bridge);
  });
});

describe("readLab", () => {
  it.each(Object.entries(LABS))("reads what an earlier vxlab published of %s: lists, schema 2", (_, make) => {
    const lab = { ...make(), schema: 2 };
    expect(readLab(JSON.parse(JSON.stringify(lab)))).toEqual(lab);
  });

  it.each([
    ["nothing", undefined],
    ["a text", "lab"],
    ["an older schema", { schema: 1, hosts: [] }],
    ["a newer schema", { schema: LAB_SCHEMA + 1, hosts: {} }],
  ])("reads no lab from %s", (_, output) => {
    expect(readLab(output)).toBeUndefined();
  });
});
