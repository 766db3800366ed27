/** As bad-input.test.ts, for impairments. */
import { describe, expect, it } from "vitest";
import { labProblems } from "./problems";
import { referenceWith } from "./reference";
import { tellsOf } from "./rows";
import type { Row } from "./rows";

const slow = (fragment: object, more: object = {}) => ({
  ...more,
  impairments: { slow: { between: ["kvm1", "kvm2"], delay: "50ms", ...fragment } },
});
const far = (fragment: object, more: object = {}) => ({
  ...more,
  impairments: { far: { container: "c1", delay: "50ms", ...fragment } },
});
const kvm3 = { hosts: { kvm3: { address: "192.168.10.3" } } };
/** A trunk of two tagged segments on c1. */
const trunk = {
  segments: { blue: { vni: 200, subnet: "10.7.0.0/24", vlan: 20 } },
  containers: {
    c1: { address: undefined, interfaces: [{ segment: "red" }, { trunk: ["blue"] }] },
    c2: { segment: "red" },
  },
};

const remote = { segments: { red: { remotes: ["192.168.10.77"] } } };
const rows: Record<string, Row[]> = {
  "what happens": [
    [slow({ delay: undefined }), "impairments.slow", "Impairs nothing", "Write a delay, a loss or a rate"],
    [slow({ delay: 50 }), "impairments.slow.delay", "not a time with its unit", "50ms"],
    [slow({ delay: "50" }), "impairments.slow.delay", "not a time with its unit", "50ms"],
    [slow({ delay: "-5ms" }), "impairments.slow.delay", "not a time with its unit", "50ms"],
    [slow({ delay: "0ms" }), "impairments.slow.delay", "less than 1us", "50ms"],
    [slow({ delay: "11s" }), "impairments.slow.delay", "more than 10s", "1.5s"],
    [slow({ delay: "1m" }), "impairments.slow.delay", "not a time with its unit", "50ms"],
    [slow({ loss: "101%" }), "impairments.slow.loss", "more than 100%", "1%"],
    [slow({ loss: 1 }), "impairments.slow.loss", "not a percentage", "1%"],
    [slow({ loss: "0%" }), "impairments.slow.loss", "less than 0.0001%", "leave it out"],
    [slow({ duplicate: "twice" }), "impairments.slow.duplicate", "not a percentage", "1%"],
    [slow({ corrupt: "1ms" }), "impairments.slow.corrupt", "not a percentage", "0.1%"],
    [slow({ rate: "10" }), "impairments.slow.rate", "not a rate with its unit", "10mbit"],
    [slow({ rate: "10mbps" }), "impairments.slow.rate", "ambiguous", "10mbit"],
    [slow({ rate: "999bit" }), "impairments.slow.rate", "outside the range 1kbit to 100gbit", "10mbit"],
    [slow({ rate: "101gbit" }), "impairments.slow.rate", "outside the range 1kbit to 100gbit", "10mbit"],
    [
      slow({ delay: undefined, jitter: "5ms" }),
      "impairments.slow.jitter",
      "no effect without delay",
      "Add a delay",
    ],
    [
      slow({ delay: undefined, reorder: "5%" }),
      "impairments.slow.reorder",
      "no effect without delay",
      "Add a delay",
    ],
    [slow({ jitter: "51ms" }), "impairments.slow.jitter", "more than the delay of 50ms", "smaller jitter"],
    [slow({ direction: "up" }), "impairments.slow.direction", "not a valid value", "both, out, in"],
    [slow({ lost: "1%" }), "impairments.slow.lost", "not a setting", "Did you mean loss"],
    [{ impairments: { Slow: { container: "c1", loss: "1%" } } }, "impairments.Slow", "not a name", "slow"],
  ],
  "between hosts": [
    [slow({ between: "kvm1" }), "impairments.slow.between", "not a list of two hosts", "kvm1, kvm2"],
    [slow({ between: ["kvm1"] }), "impairments.slow.between", "not a list of two hosts", "kvm1, kvm2"],
    [slow({ between: ["kvm1", "kvm9"] }), "impairments.slow.between[1]", "not a host", "Did you mean kvm1"],
    [slow({ between: ["kvm1", "kvm1"] }), "impairments.slow.between[1]", "the same host twice", "container"],
    [slow({ container: "c1" }), "impairments.slow", "both between and container", "one of the two"],
    [slow({ between: undefined }), "impairments.slow", "neither between nor container", "between: [HOST"],
    [slow({ interface: "eth0" }), "impairments.slow.interface", "no effect with between", "Leave it out"],
    [slow({ segment: "rot" }), "impairments.slow.segment", "not a segment of this lab", "red"],
    [
      slow({ between: ["kvm1", "kvm3"] }, { ...kvm3, segments: { red: { hosts: ["kvm1", "kvm2"] } } }),
      "impairments.slow.between",
      "no tunnel between kvm1 and kvm3",
      "with a tunnel between them",
    ],
    [
      slow({ between: ["kvm2", "kvm3"], segment: "red" }, { ...kvm3, segments: { red: { hub: "kvm1" } } }),
      "impairments.slow.segment",
      "pass the hub, kvm1",
      "with a tunnel between them",
    ],
    [
      slow({}, { ...kvm3, segments: { red: { flooding: "multicast" } } }),
      "impairments.slow.between",
      "red has multicast flooding among more than two hosts",
      "Impair a container",
    ],
    [
      slow({ between: ["kvm1", "192.168.10.77"] }, remote),
      "impairments.slow.direction",
      "192.168.10.77 belongs to another owner: only what kvm1 sends",
      "direction: out",
    ],
    [
      slow({ between: ["kvm1", "192.168.10.78"], direction: "out" }, remote),
      "impairments.slow.between[1]",
      "not a host of this lab",
      "192.168.10.77",
    ],
    [
      {
        ...slow({ between: ["kvm1", "192.168.10.77"], segment: "blue", direction: "out" }, remote),
        segments: { ...remote.segments, blue: { vni: 200, vlan: 20, subnet: "10.7.0.0/24" } },
        containers: { c1: { segment: "red" }, c2: { segment: "red" } },
      },
      "impairments.slow.segment",
      "no tunnel between kvm1 and 192.168.10.77",
      "with a tunnel between them",
    ],
    [
      { impairments: { slow: slow({}).impairments.slow, too: { between: ["kvm2", "kvm1"], loss: "1%" } } },
      "impairments.too.between",
      "already taken by impairments.slow",
      "both in one impairment",
    ],
  ],
  "a container's": [
    [far({ container: "c9" }), "impairments.far.container", "not a container", "Did you mean c1"],
    [far({ interface: "eth1" }), "impairments.far.interface", "not an interface of container c1", "eth0"],
    [far({ segment: "blue" }), "impairments.far.segment", "not a segment of container c1", "red"],
    [
      far({ interface: "eth1", segment: "red" }, trunk),
      "impairments.far.segment",
      "not a segment of c1's eth1",
      "blue",
    ],
    [
      {
        impairments: { far: far({}).impairments.far, too: { container: "c1", direction: "in", loss: "1%" } },
      },
      "impairments.too.container",
      "already taken by impairments.far",
      "another place or direction",
    ],
  ],
};

tellsOf(rows);

describe("an impairment", () => {
  it.each([
    ["of one segment beside one of all", { a: { between: ["kvm1", "kvm2"], loss: "1%" } }],
    ["the other way", { a: { between: ["kvm2", "kvm1"], segment: "red", direction: "out", loss: "1%" } }],
    [
      "with blanks and capitals",
      { a: { container: "c2", delay: "1.5 s", rate: "10 Mbit/s", loss: "0.0001%" } },
    ],
    ["of a whole second", { a: { container: "c2", delay: "1s", jitter: "1s" } }],
  ])("%s is fine", (_, more) => {
    const one = { between: ["kvm1", "kvm2"], segment: "red", direction: "in", delay: "250us" };
    expect(
      labProblems(referenceWith({ impairments: { slow: { ...one, direction: "out" }, ...more } })),
    ).toEqual([]);
  });

  it("is fine in a multicast segment of two hosts: the group is the other host", () => {
    expect(labProblems(referenceWith(slow({}, { segments: { red: { flooding: "multicast" } } })))).toEqual(
      [],
    );
  });
});
