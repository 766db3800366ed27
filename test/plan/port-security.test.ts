/** What an interface may send from: as data, and in plan and settings. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressNumber, addressText } from "../../plan/addresses";
import { labProblems } from "./problems";
import { labOutput } from "../../plan/lab-output";
import { planLab } from "../../plan/plan";
import { allowedSources, linkLocal, rangePrefixes } from "../../components/port-security/plan";
import type { Sender } from "../../components/port-security/plan";
import { referenceWith } from "./reference";
import { tellsOf } from "./rows";
import type { Row } from "./rows";

const mac = "02:fe:40:d0:21:eb";
const OWN = "fe80::fe:40ff:fed0:21eb/128";

describe("the allowed sources", () => {
  const rows: [string, Omit<Sender, "mac">, string[]][] = [
    ["of an address", { addresses: ["10.0.3.10/24"] }, ["10.0.3.10/32", OWN]],
    [
      "of both families",
      { addresses: ["10.0.3.10/24", "FD00::0a/64"] },
      ["10.0.3.10/32", "fd00::a/128", OWN],
    ],
    ["of IPv6 alone: no IPv4", { addresses: ["fd00::1/64"] }, ["fd00::1/128", OWN]],
    ["of a container without known addresses: every address", { addresses: [] }, ["0.0.0.0/0", "::/0"]],
    [
      "of a DHCP client: what is lent, exactly",
      { addresses: [], dhcp: true, range: { first: "10.0.3.192", last: "10.0.3.254" } },
      [
        "10.0.3.192/27",
        "10.0.3.224/28",
        "10.0.3.240/29",
        "10.0.3.248/30",
        "10.0.3.252/31",
        "10.0.3.254/32",
        OWN,
      ],
    ],
    [
      "of a DHCP client with an IPv6 address",
      { addresses: ["fd00::1/64"], dhcp: true, range: { first: "10.0.3.7", last: "10.0.3.7" } },
      ["fd00::1/128", "10.0.3.7/32", OWN],
    ],
    [
      "of a DHCP client whose server is not in the plan: every IPv4 address",
      { addresses: [], dhcp: true },
      ["0.0.0.0/0", OWN],
    ],
  ];
  it.each(rows)("%s", (_, sender, sources) => expect(allowedSources({ mac, ...sender })).toEqual(sources));

  it("have the link-local address that Linux makes of the MAC", () => {
    expect(linkLocal("02:00:00:00:00:01")).toBe("fe80::ff:fe00:1");
    expect(linkLocal("52:54:00:12:34:56")).toBe("fe80::5054:ff:fe12:3456");
  });
});

describe("a range of addresses", () => {
  const address = fc.bigInt({ min: addressNumber("1.0.0.0"), max: addressNumber("223.255.255.255") });
  const range = fc.tuple(address, fc.bigInt({ min: 0n, max: 3000n }));

  it("is held by its prefixes, each address once, no other, in the fewest", () =>
    fc.assert(
      fc.property(range, ([first, more]) => {
        const prefixes = rangePrefixes(addressText(first), addressText(first + more));
        let next = first;
        for (const prefix of prefixes) {
          const [at = "", length] = prefix.split("/");
          const size = 1n << BigInt(32 - Number(length));
          expect(addressNumber(at)).toBe(next);
          expect(addressNumber(at) % size).toBe(0n);
          next += size;
        }
        expect(next).toBe(first + more + 1n);
        // Two neighbours that are one prefix would be one too many.
        const sizes = prefixes.map((prefix) => Number(prefix.split("/")[1]));
        sizes.slice(1).forEach((length, index) => {
          const at = addressNumber(prefixes[index]?.split("/")[0] ?? "");
          expect(length === sizes[index] && at % (2n << BigInt(32 - length)) === 0n).toBe(false);
        });
      }),
    ));
});

const rows: Record<string, Row[]> = {
  "port security": [
    [
      { segments: { red: { portSecurity: "no" } } },
      "segments.red.portSecurity",
      "neither true nor false",
      "without quotes",
    ],
    [
      { containers: { c1: { portSecurity: 0 } } },
      "containers.c1.portSecurity",
      "neither",
      "portSecurity: false, without quotes",
    ],
    [
      { containers: { c1: { address: undefined, interfaces: [{ segment: "red", portSecurity: null }] } } },
      "containers.c1.interfaces[0].portSecurity",
      "neither",
      "leave it out",
    ],
  ],
};
tellsOf(rows);

describe("in a plan", () => {
  const blue = { vni: 200, subnet: "10.7.0.0/24", vlan: 20 };
  const green = { vni: 300, subnet: "10.8.0.0/24", vlan: 30 };
  const planned = (fragment: object) =>
    planLab(referenceWith({ containers: { c1: { segment: "red" }, c2: { segment: "red" } }, ...fragment }), {
      lab: "vxlab/dev",
    }).containers.flatMap(({ interfaces }) => interfaces);
  const eth0 = (fragment: object) => planned(fragment)[0]?.portSecurity;
  const settings = (segment?: boolean, container?: boolean, own?: boolean) => ({
    segments: { red: { portSecurity: segment } },
    containers: {
      c1: {
        address: undefined,
        portSecurity: container,
        interfaces: [{ segment: "red", portSecurity: own }],
      },
    },
  });

  it.each([
    [undefined, undefined, undefined, true],
    [false, undefined, undefined, false],
    [false, true, undefined, true],
    [true, false, undefined, false],
    [undefined, false, true, true],
    [true, true, false, false],
  ])("segment %s, container %s, interface %s: %s", (segment, container, own, result) =>
    expect(eth0(settings(segment, container, own))).toBe(result),
  );

  it("an interface that is written on its container has the container's", () => {
    expect(eth0({ containers: { c1: { portSecurity: false } } })).toBe(false);
    expect(eth0({})).toBe(true);
  });

  it("each VLAN of a trunk has its segment's, and the trunk is open when all of them are", () => {
    const trunk = (open: boolean) => ({
      segments: {
        blue: { ...blue, portSecurity: false },
        green: { ...green, portSecurity: open ? false : undefined },
      },
      containers: {
        c1: { address: undefined, interfaces: [{ trunk: ["blue", "green"] }] },
        c2: { segment: "red" },
      },
    });
    const [first] = planned(trunk(false));
    expect(first?.trunk.map(({ portSecurity }) => portSecurity)).toEqual([false, true]);
    expect(first?.portSecurity).toBe(true);
    expect(planned(trunk(true))[0]?.portSecurity).toBe(false);
  });

  it("a DHCP client knows what is lent", () => {
    const dhcp = (range: object) =>
      planned({
        segments: { red: { dhcp: { host: "kvm1", ...range } } },
        containers: { c1: { address: "dhcp" } },
      });
    expect(dhcp({})[0]?.dhcpRange).toEqual({ first: "10.0.3.192", last: "10.0.3.254" });
    expect(dhcp({ first: "10.0.3.20", last: "10.0.3.29" })[0]?.dhcpRange).toEqual({
      first: "10.0.3.20",
      last: "10.0.3.29",
    });
    expect(dhcp({})[1]?.dhcpRange).toBeUndefined();
  });

  it("is said in the stack's output, of each interface", () => {
    const plan = planLab(referenceWith({ containers: { c1: { portSecurity: false } } }), {
      lab: "vxlab/dev",
    });
    const said = labOutput(plan, "00c0ffee", []).containers.map(
      ({ interfaces }) => interfaces[0]?.portSecurity,
    );
    expect(said).toEqual([false, true]);
  });

  it("is a setting of segments, containers and interfaces, and of nothing else", () => {
    const problems = (fragment: object) => labProblems(referenceWith(fragment)).map(({ path }) => path);
    expect(problems(settings(true, true, true))).toEqual([]);
    expect(problems({ hosts: { kvm1: { portSecurity: false } } })).toEqual(["hosts.kvm1.portSecurity"]);
    expect(labProblems(referenceWith(settings(false, false, false)))).toEqual([]);
  });
});
