/** Gateways for the containers of single hosts: who leaves by which, and what is refused. */
import { expect, it } from "vitest";
import { publishedLab, readLab } from "../../plan/published-lab";
import { planLab } from "../../plan/plan";
import { buildChecks } from "../../verify/registry";
import { labOf } from "../cli/fixture";
import { referenceWith } from "./reference";
import { tellsOf } from "./rows";

const kvm2 = { host: "kvm2", address: "10.0.3.2" };
const red = (segment: object, containers: object = {}) => ({ segments: { red: segment }, containers });
const planOf = (segment: object, containers?: object) =>
  planLab(referenceWith(red(segment, containers)), { lab: "x" });
const BOTH = { gateway: { host: "kvm1" }, gateways: [kvm2] };
const gatewaysOf = (plan: ReturnType<typeof planOf>) =>
  Object.fromEntries(plan.containers.map(({ name, interfaces: [nic] }) => [name, nic?.gateway]));

it("leads the containers of its host, and the segment's own leads the others", () => {
  expect(gatewaysOf(planOf(BOTH))).toEqual({ c1: "10.0.3.1", c2: "10.0.3.2" });
  expect(gatewaysOf(planOf({ gateways: [kvm2] }))).toEqual({ c1: undefined, c2: "10.0.3.2" });
  expect(gatewaysOf(planOf(BOTH, { c2: { host: "kvm1" } }))).toEqual({ c1: "10.0.3.1", c2: "10.0.3.1" });
  expect(gatewaysOf(planOf(BOTH, { c2: { gateway: "10.0.3.1" } }))).toEqual({
    c1: "10.0.3.1",
    c2: "10.0.3.1",
  });
});

it("has a MAC, a NAT and a guard of its own, and the interface's usual name", () => {
  const [own, further] = planOf(BOTH).services;
  expect(own).not.toHaveProperty("further");
  expect(further).toMatchObject({ host: "kvm2", further: true, addresses: ["10.0.3.2/24"], nat: true });
  expect([own?.device, further?.device]).toEqual(["gw-red", "gw-red"]);
  expect(further?.mac).not.toBe(own?.mac);
  expect(further?.closed).toEqual(own?.closed);
  expect(planOf({ gateway: { host: "kvm1" } }).services).toEqual([own]);
});

it("leads IPv6 likewise; nobody then follows the announcements of all of them", () => {
  const free = { c1: { address: undefined }, c2: { address: undefined } };
  const six = {
    subnet6: "fd00:3::/64",
    gateway: { host: "kvm1", address6: "fd00:3::1" },
    gateways: [{ ...kvm2, address6: "fd00:3::2" }],
  };
  const plan = planOf(six, free);
  expect(plan.containers.map(({ routes }) => routes)).toEqual([
    [{ to: "::/0", via: "fd00:3::1" }],
    [{ to: "::/0", via: "fd00:3::2" }],
  ]);
  const deaf = [{ name: "net/ipv6/conf/eth0/accept_ra", value: "0" }];
  expect(plan.containers.map(({ sysctls }) => sysctls)).toEqual([deaf, deaf]);
});

it("is published and read under a name of its own, and each has its checks", () => {
  const lab = labOf(referenceWith(red(BOTH)));
  const published = publishedLab(lab);
  expect(Object.keys(published.services)).toEqual(["red", "red@kvm2"]);
  expect(readLab(published)?.services).toEqual(lab.services);
  const names = buildChecks(lab).map(({ name }) => name);
  expect(names.filter((name) => /^(service|gateway|beyond)/.test(name))).toEqual([
    ...["service/red", "service/red@kvm2", "gateway/c1/red", "gateway/c2/red"],
    ...["beyond/red", "beyond/red@kvm2"],
  ]);
  const led = buildChecks(lab).filter(({ name }) => name.startsWith("gateway/"));
  expect(led.map(({ expected }) => expected)).toEqual([
    "the gateway on kvm1 (10.0.3.1) answers c1",
    "the gateway on kvm2 (10.0.3.2) answers c2",
  ]);
});

const chain = { chains: { x: { from: "c1", to: "gateway", through: ["m"] } } };
const box = { containers: { m: { host: "kvm1", interfaces: [{ chain: "in" }, { chain: "out" }] } } };

tellsOf({
  "gateways of hosts": [
    [
      red({ gateways: [{ host: "kvm2" }] }),
      "segments.red.gateways[0].address",
      "Is missing",
      "Write an address",
    ],
    [
      red({ gateways: [{ ...kvm2, host: "kvm9" }] }),
      "segments.red.gateways[0].host",
      "not a host",
      "kvm1, kvm2",
    ],
    [
      red({ ...BOTH, gateways: [kvm2, { ...kvm2, address: "10.0.3.3" }] }),
      "segments.red.gateways[1].host",
      "Already has",
      "another host",
    ],
    [
      red({ ...BOTH, gateways: [{ ...kvm2, host: "kvm1" }] }),
      "segments.red.gateways[0].host",
      "Already has",
      "another host",
    ],
    [
      red({ dhcp: { host: "kvm2" }, gateways: [kvm2] }),
      "segments.red.gateways[0].host",
      "DHCP server",
      "another host",
    ],
    [
      red({ gateways: [{ ...kvm2, address: "10.9.9.9" }] }),
      "segments.red.gateways[0].address",
      "outside",
      "10.0.3.",
    ],
    [
      red({ gateways: [{ ...kvm2, address: "10.0.3.11" }] }),
      "containers.c2.address",
      "taken by segments.red.gateways[0]",
      "own",
    ],
    [
      red({ ...BOTH, gateways: [{ ...kvm2, address: "10.0.3.1" }] }),
      "segments.red.gateways[0]",
      "taken by segments.red.gateway",
      "own",
    ],
    [
      red({ gateways: [{ ...kvm2, address6: "fd00:3::2" }] }),
      "segments.red.gateways[0].address6",
      "no IPv6 subnet",
      "subnet6",
    ],
    [red({ gateways: kvm2 }), "segments.red.gateways", "list", "["],
    [
      { ...red(BOTH, box.containers), ...chain },
      "chains.x.to",
      "several gateways",
      "Name a container that routes",
    ],
  ],
});
