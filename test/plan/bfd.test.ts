/** Tunnels that both ends probe: `segments.<name>.bfd`. */
import { describe, expect, it } from "vitest";
import { planLab } from "../../plan/plan";
import { referenceWith } from "./reference";
import { tellsOf } from "./rows";

const red = (more: object, over: object = {}) => ({ segments: { red: more }, ...over });

describe("BFD", () => {
  const kvm3 = { hosts: { kvm3: { address: "192.168.10.3" } } };
  const probed = (more: object) =>
    planLab(referenceWith(red(more, kvm3)), { lab: "vxlab/dev" }).hosts.map(({ ports }) =>
      ports.map(({ bfd }) => bfd),
    );

  it("is on every port of a segment that asks for it, with a hub as well, and on no other", () => {
    expect(probed({ bfd: true })).toEqual([[true], [true], [true]]);
    expect(probed({ bfd: true, hub: "kvm2" })).toEqual([[true], [true], [true]]);
    expect(probed({ bfd: false })).toEqual([[undefined], [undefined], [undefined]]);
  });
});

tellsOf({
  "BFD where it cannot be": [
    [red({ bfd: true, flooding: "evpn" }), "segments.red.bfd", "no effect", "unicast"],
    [red({ bfd: true, remotes: ["192.168.10.77"] }), "segments.red.bfd", "does not answer BFD", "remotes"],
  ],
});
