/** Names of interfaces that are made from settings, and that two settings would share. */
import { describe, expect, it } from "vitest";
import { labProblems } from "./problems";
import { referenceWith } from "./reference";

describe("a lab is refused", () => {
  it("finds tunnel ports that a hash brings together, and says what separates them", () => {
    const problems = labProblems({
      ...referenceWith({ containers: {} }),
      underlay: { cidr: "fd00::/64" },
      hosts: { kvm1: { address: "fd00::1:736e" }, kvm2: { address: "fd00::1:ab2a" } },
    });
    expect(problems).toMatchObject([
      {
        path: "segments.red.vni",
        got: "100 towards fd00::1:ab2a",
        cure: "Give one of the two hosts another address.",
      },
    ]);
  });

  it("finds names that shortening brings together", () => {
    const entry = (i: number) => ({ host: "kvm1", address: `10.0.3.${i}/24` });
    // `v-abcdefgh-` and 4 hexadecimal digits is what `abcdefghijklmno` is shortened to.
    const problems = labProblems(
      referenceWith({ containers: { abcdefghijklmno: entry(5), "abcdefgh-41c7": entry(6) } }),
    );
    expect(problems).toMatchObject([{ path: "containers.abcdefghijklmno", cure: "Rename one of the two." }]);
  });
});
