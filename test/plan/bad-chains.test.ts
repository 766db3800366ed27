/** As bad-input.test.ts, for service chains. */
import type { Row } from "./rows";
import { tellsOf } from "./rows";

const SIDES = [{ chain: "in" }, { chain: "out" }];
const BOXES = { m1: { host: "kvm1", interfaces: SIDES }, m2: { host: "kvm2", interfaces: SIDES } };
const chains = (chain: object, more: object = {}, containers: object = {}) => ({
  containers: { ...BOXES, ...containers },
  chains: { x: { from: "c1", to: "c2", through: ["m1"], ...chain }, ...more },
});
const box = (interfaces: object[], more: object = {}) => ({
  containers: { m1: { host: "kvm1", interfaces, ...more } },
});
const blue = (c1: object[]) => ({
  segments: { blue: { vni: 200, subnet: "10.7.0.0/24", vlan: 20 } },
  containers: { c1: { address: undefined, interfaces: c1 }, c2: { segment: "red" } },
});

const rows: Record<string, Row[]> = {
  ends: [
    [chains({ from: "c9" }), "chains.x.from", "Is not a container of this lab.", "Did you mean c1"],
    [chains({ to: undefined }), "chains.x.to", "Is missing", "Known:"],
    [chains({ to: "c1" }), "chains.x.to", "also the chain's other end", "differ"],
    [chains({ to: "gateway" }), "chains.x.to", "Is not in a segment of the other end", "gateway where"],
    [chains({ to: "m2" }), "chains.x.to", "c1 is in red, m2 is not in a segment", "one segment"],
    [chains({ failure: "shut" }), "chains.x.failure", "Is not a valid value", "closed, open"],
    [
      chains({ failure: "open", probe: 50 }),
      "chains.x.probe",
      "whole number of milliseconds",
      "from 100 to 10000",
    ],
    [
      chains({ failure: "open", probe: "1s" }),
      "chains.x.probe",
      "whole number of milliseconds",
      "from 100 to 10000",
    ],
    [chains({ probe: 500 }), "chains.x.probe", "Has no effect with failure: closed", "failure: open"],
    [
      {
        ...chains(
          { failure: "open", probe: 500, through: ["m1", "r"] },
          {},
          { r: { host: "kvm1", segment: "red" } },
        ),
      },
      "chains.x.probe",
      "but r is routed",
      "chain: in and chain: out",
    ],
    [chains({ segment: "blue" }), "chains.x.segment", "Is not a segment", "Known: red"],
    [
      { ...chains({ to: "gateway" }, {}, { gateway: { host: "kvm1" } }) },
      "chains.x.to",
      "both the segment's gateway and a container",
      "Rename",
    ],
    [
      {
        ...chains({}),
        ...{ containers: { ...BOXES, ...blue([{ segment: "blue" }]).containers } },
        segments: blue([]).segments,
      },
      "chains.x.to",
      "c1 is in blue, c2 is in red",
      "one segment",
    ],
    [
      { chains: { "X-": { from: "c1", to: "c2", through: ["m1"] } }, containers: BOXES },
      "chains.X-",
      "Is not a name",
      "web-db",
    ],
  ],
  "middle boxes": [
    [chains({ through: [] }), "chains.x.through", "Is not a list of 1 to 8 middle boxes", "in order"],
    [chains({ through: ["m7"] }), "chains.x.through[0]", "Is not a container", "Did you mean m1"],
    [
      chains({ through: ["m1", "m1"] }),
      "chains.x.through[1]",
      "This middle box is already taken",
      "one place",
    ],
    [chains({ through: ["m1", "c1"] }), "chains.x.from", "an end and a middle box", "through"],
    [
      chains({}, { y: { from: "c1", to: "c2", through: ["m2"] } }),
      "chains.y.to",
      "The way between these two ends is already taken by chains.x",
      "both directions",
    ],
    [
      chains({}, { y: { from: "c2", to: "c1", through: ["m2"] } }),
      "chains.y.to",
      "The way between these two ends is already taken by chains.x",
      "both directions",
    ],
    [
      chains({}, { y: { from: "c1", to: "c3", through: ["m1"] } }, { c3: { host: "kvm1" } }),
      "chains.y.through[0]",
      "This middle box is already taken by chains.x.through[0]",
      "one place",
    ],
    [
      chains({ through: ["r"] }, {}, { r: { host: "kvm1", address: "none" } }),
      "chains.x.through[0]",
      "without an address",
      "routed",
    ],
    [
      {
        ...chains({ through: ["r"] }, {}, { r: { host: "kvm1" }, c2: { address: "dhcp" } }),
        segments: { red: { dhcp: { host: "kvm1" } } },
      },
      "chains.x.through[0]",
      "the address of c2 is not known",
      "transparent",
    ],
    [
      {
        ...chains({}, {}, { m1: { host: "kvm3", interfaces: SIDES } }),
        hosts: { kvm3: { address: "192.168.10.30" } },
        segments: { red: { hosts: ["kvm1", "kvm2"] } },
      },
      "chains.x.through[0]",
      "Its host kvm3 is not in segment red",
      "Add kvm3",
    ],
  ],
  "sides of a middle box": [
    [box([{ chain: "in" }]), "containers.m1.interfaces", "Is not a transparent middle box", "chain: out"],
    [
      box([{ chain: "in" }, { chain: "in" }]),
      "containers.m1.interfaces",
      "Is not a transparent middle box",
      "chain: out",
    ],
    [
      box([{ chain: "up" }, { chain: "out" }, { chain: "in" }]),
      "containers.m1.interfaces[0].chain",
      "Is not a valid value",
      "in, out",
    ],
    [
      box([{ chain: "in", segment: "red" }, { chain: "out" }]),
      "containers.m1.interfaces[0].segment",
      "Has no effect with chain",
      "Leave it out",
    ],
    [
      box([{ chain: "in", address: "10.0.3.9/24" }, { chain: "out" }]),
      "containers.m1.interfaces[0].address",
      "Has no effect with chain",
      "Leave it out",
    ],
    [box(SIDES, { chain: "in" }), "containers.m1.chain", "Cannot be combined with interfaces", "Move it"],
  ],
  sockets: [
    [
      {
        ...chains({}),
        segments: { red: { flooding: "multicast", udpPort: 4789 } },
      },
      "chains.x",
      "use UDP port 4789",
      "udpPort",
    ],
  ],
};

tellsOf(rows);
