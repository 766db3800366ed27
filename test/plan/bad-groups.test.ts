/** More multicast groups than a host can join. */
import { describe, expect, it } from "vitest";
import { labProblems } from "./problems";
import { MAX_GROUPS } from "../../components/segment/ways/multicast";
import { reference } from "./reference";

const many = (count: number, make: (i: number) => object) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, make(i)]));

describe("multicast groups", () => {
  const segments = (count: number) =>
    many(count, (i) => ({
      vni: i + 1,
      vlan: i + 1,
      subnet: `10.${i >> 8}.${i & 255}.0/24`,
      flooding: "multicast",
    }));

  it("are 256 on a host's UDP port at most", () => {
    const lab = (all: object) => ({ ...reference(), segments: all, containers: {} }) as never;
    expect(labProblems(lab(segments(MAX_GROUPS)))).toEqual([]);
    const [problem, ...others] = labProblems(lab(segments(MAX_GROUPS + 1)));
    expect(others).toEqual([]);
    expect(problem?.message).toBe(
      "Is multicast group number 257 of UDP port 4790 on hosts.kvm1: a host can join 256 on one port.",
    );
    const last = { vni: 999, vlan: 999, subnet: "10.9.0.0/24", flooding: "multicast", udpPort: 4791 };
    expect(labProblems(lab({ ...segments(MAX_GROUPS), last }))).toEqual([]);
  });
});
