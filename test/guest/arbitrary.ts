/** Things of every kind as their components are given them, any of which a plan may hold: for property tests. */
import fc from "fast-check";
import { hopsState, nextState, type ChainWanted } from "../../components/chain/thing";
import { ChainFailure } from "../../components/chain/spec";
import { WAYS } from "../../components/segment/ways";
import type { StepKind } from "../../guest/things";
import { wireguardFromSeed } from "../../plan/keys";
import { Encapsulation } from "../../plan/net/encap";
import { Flooding } from "../../plan/types";
import type { Thing } from "./made";

export const LAB = "00c0ffee";
export const LOCAL = "192.168.10.156";
/** The keys of the host itself. */
export const OWN_KEYS = wireguardFromSeed(new Uint8Array(32).fill(1));

const octet = fc.integer({ min: 1, max: 254 });
const mac = octet.map((n) => `02:00:00:00:00:${n.toString(16).padStart(2, "0")}`);
const mtu = fc.integer({ min: 1280, max: 9000 });
const vlan = fc.option(fc.integer({ min: 1, max: 4094 }), { nil: undefined });
const vni = fc.integer({ min: 1, max: 16_777_215 });
const address = octet.map((n) => `10.1.2.${n}/24`);
const vteps = fc.uniqueArray(octet, { maxLength: 3 }).map((all) => all.map((n) => `192.168.20.${n}`));
const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });

const carriers = (flooding: Flooding) =>
  Object.values(Encapsulation).filter((one) => WAYS[flooding].encapsulations[one] !== undefined);

const port = (flooding: Flooding): fc.Arbitrary<Thing<"port">> =>
  fc.record({
    ...{ id: fc.constant("lab-kvm1-red"), lab: fc.constant(LAB), bridge: fc.constant("vxbr") },
    ...{ local: fc.constant(LOCAL), flooding: fc.constant(flooding), vni, vlan, mtu },
    encapsulation: fc.constantFrom(...carriers(flooding)),
    udpPort: fc.integer({ min: 1024, max: 65_535 }),
    remotes: vteps,
    protected: fc.boolean(),
    ...(flooding === Flooding.Unicast ? { bfd: fc.boolean() } : {}),
    group: octet.map((n) => `239.0.0.${n}`),
    ttl: octet,
    senders: vteps,
    stations: vteps.map((all) =>
      all.map((vtep) => ({ mac: "02:00:00:00:00:02", addresses: ["10.0.3.11"], vtep })),
    ),
  });

export const THINGS: [string, StepKind, fc.Arbitrary<Thing>][] = [
  [
    "a bridge",
    "bridge",
    fc.record({
      ...{ id: fc.constant("lab-kvm1-vxbr"), lab: fc.constant(LAB), bridge: fc.constant("vxbr") },
      ...{ mac, mtu, address: optional(address), guard: fc.boolean() },
    }),
  ],
  ...Object.values(Flooding).map((flooding): [string, StepKind, fc.Arbitrary<Thing>] => [
    `a port that floods by ${flooding}`,
    "port",
    port(flooding),
  ]),
  [
    "a router",
    "router",
    fc.record({
      ...{ id: fc.constant("lab-kvm1-evpn"), lab: fc.constant(LAB), bridge: fc.constant("vxbr") },
      ...{ local: fc.constant(LOCAL), as: fc.integer({ min: 1, max: 65_534 }), reflector: fc.boolean() },
      neighbours: vteps.map((all) => all.map((one, n) => ({ address: one, as: 65_000 + n }))),
      listen: fc.constantFrom<string[]>([], ["192.168.10.0/24"]),
    }),
  ],
  [
    "a service",
    "service",
    fc.record({
      ...{ id: fc.constant("lab-kvm1-gw"), lab: fc.constant(LAB), bridge: fc.constant("vxbr") },
      ...{ device: fc.constant("gw-red"), local: fc.constant(LOCAL), mac, mtu, vlan },
      addresses: fc.uniqueArray(address, { minLength: 1, maxLength: 2 }),
      nat: fc.boolean(),
      closed: fc.constantFrom([], ["192.168.10.0/24"]),
      dhcp: optional(
        fc.record({
          ...{ first: fc.constant("10.1.2.100"), last: fc.constant("10.1.2.200"), mtu },
          ...{ router: optional(fc.constant("10.1.2.1")), domain: optional(fc.constant("lab.test")) },
        }),
      ),
    }),
  ],
  ["an LXC container", "container", container({ kind: fc.constant("lxc") })],
  [
    "a Docker container",
    "container",
    container({ kind: fc.constant("docker"), image: fc.constant("vxlab/busybox") }),
  ],
  ["an encryption", "encryption", encryption()],
  ["an impairment", "impairment", impairment()],
  ["a chain's part on a host", "chain", chain()],
];

/** Its interfaces are access ports, trunks, or have lent addresses. */
function container(own: Record<string, fc.Arbitrary<string>>): fc.Arbitrary<Thing<"container">> {
  const addresses = fc.uniqueArray(address, { maxLength: 2 });
  const tagged = fc.record({ vlan: fc.integer({ min: 1, max: 4094 }), mtu, addresses });
  const nic = fc.oneof(
    fc.record({ mac, mtu, vlan, addresses, portSecurity: fc.boolean() }),
    fc.record({ mac, mtu, vlan, dhcp: fc.constant(true) }),
    fc.record({
      mac,
      mtu,
      addresses: fc.constant<string[]>(["10.1.2.9/24"]),
      gateway: fc.constant("10.1.2.1"),
    }),
    fc.record({
      ...{ mac, mtu },
      trunk: fc.uniqueArray(tagged, { minLength: 1, maxLength: 2, selector: ({ vlan }) => vlan }),
    }),
  );
  return fc.record({
    ...{ id: fc.constant("lab-c1"), lab: fc.constant(LAB), name: fc.constant("c1"), ...own },
    interfaces: fc
      .array(nic, { minLength: 1, maxLength: 2 })
      .map((nics) =>
        nics.map((one, n) => ({ ...one, bridge: "vxbr", veth: `v-c1${n === 0 ? "" : `_${n}`}` })),
      ),
  });
}

function encryption(): fc.Arbitrary<Thing<"encryption">> {
  const key = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => Buffer.from(bytes).toString("base64"));
  const port = fc.integer({ min: 1, max: 65_535 });
  return fc.constantFrom("192.168.20.", "fd00:20::").chain((net) =>
    fc.record({
      ...{ id: fc.constant("lab-kvm1-wg0"), lab: fc.constant(LAB), bridge: fc.constant("vxbr") },
      ...{ local: fc.constant(LOCAL), publicKey: fc.constant(OWN_KEYS.publicKey), port: optional(port) },
      ...{ address: octet.map((n) => `10.255.10.${n}`), mtu: optional(mtu) },
      privateKey: fc.constant(OWN_KEYS.privateKey),
      peers: fc.uniqueArray(
        fc.record({
          ...{ publicKey: key, address: octet.map((n) => `10.255.20.${n}`), port: optional(port) },
          vtep: octet.map((n) => `${net}${n}`),
        }),
        { minLength: 1, maxLength: 3, selector: ({ address: inside }) => inside },
      ),
    }),
  );
}

/** Whatever the plan allows of each effect, between hosts and at containers. */
function impairment(): fc.Arbitrary<Thing<"impairment">> {
  const share = fc.integer({ min: 1, max: 1_000_000 }).map((ppm) => `${ppm / 10_000}%`);
  const late = fc.integer({ min: 1, max: 10_000_000 }).chain((delay) =>
    fc.record({
      ...{ delay: fc.constant(`${delay}us`), reorder: optional(share) },
      jitter: optional(fc.integer({ min: 1, max: delay }).map((time) => `${time}us`)),
    }),
  );
  const effects = fc.record({
    ...{ loss: optional(share), duplicate: optional(share), corrupt: optional(share) },
    rate: optional(fc.integer({ min: 1000, max: 100_000_000_000 }).map((bits) => `${bits}bit`)),
    late: optional(late),
  });
  const packets = fc.record({
    address: fc.oneof(
      octet.map((n) => `192.168.20.${n}`),
      octet.map((n) => `239.0.0.${n}`),
      octet.map((n) => `fd00:20::${n}`),
    ),
    ...{ udpPort: fc.integer({ min: 1024, max: 65_535 }), vni: optional(vni) },
  });
  const links = fc.uniqueArray(packets, { minLength: 1, maxLength: 2, selector: (one) => one.address });
  const ports = fc.uniqueArray(
    fc.record({ veth: fc.constantFrom("v-c1", "v-c1_1"), direction: fc.constantFrom("in", "out"), vlan }),
    { maxLength: 3, selector: (one) => JSON.stringify(one) },
  );
  return fc
    .record({ effects, links: fc.array(links, { minLength: 1, maxLength: 2 }), ports })
    .map((made) => ({
      ...{ id: "lab-kvm1-slow", lab: LAB, impairment: "slow", local: LOCAL },
      ...{ ...made.effects, ...made.effects.late },
      links: made.links.map((all, n) => ({
        ...{ device: `i-slow_${n}`, remote: `192.168.20.${n + 1}`, packets: all },
      })),
      ports: made.ports.map((one, n) => ({ device: `i-far_${n}`, ...one })),
    }));
}

/** Between two hosts, any of whose hops may be on either. */
function chain(): fc.Arbitrary<Thing<"chain">> {
  const hop = fc.record({
    ...{ host: fc.constantFrom("kvm1", "kvm2"), isTransparent: fc.boolean(), gateway: fc.boolean() },
    sources: optional(fc.constantFrom(["10.1.2.0/24"], ["10.1.2.9/32", "fd00:3::9/128"])),
    nets: fc.subarray(["10.1.2.", "fd00:3::"]),
  });
  return fc
    .record({
      ...{ first: hop, six: fc.boolean(), isNext: fc.boolean() },
      more: fc.array(hop, { minLength: 1, maxLength: 3 }),
      failure: fc.constantFrom(...Object.values(ChainFailure)),
      encapsulation: fc.constantFrom(...Object.values(Encapsulation)),
      udpPort: fc.integer({ min: 1024, max: 65_535 }),
      probe: optional(fc.integer({ min: 100, max: 10_000 })),
    })
    .map(({ first, more, six, isNext, ...own }) => {
      const vteps: Record<string, string> = six
        ? { kvm1: "fd00:10::1", kvm2: "fd00:10::2" }
        : { kvm1: LOCAL, kvm2: "192.168.10.222" };
      // One at least is here, and one there.
      const all = [{ ...first, host: "kvm1" }, ...more, { ...first, host: "kvm2" }];
      const hops = all.map(({ isTransparent, host, nets, gateway, sources }, n) => {
        const isEnd = n === 0 || n === all.length - 1;
        const name = `h${n}`;
        const addresses = nets.map((net) => `${net}${n + 1}`);
        const head = { name, host, vtep: String(vteps[host]), vni: 0x80_00_00 + n };
        if (!isEnd && isTransparent) return { ...head, ports: [`v-${name}`, `v-${name}_1`], addresses: [] };
        const set = {
          ...(gateway && n === 0 ? { gateway } : {}),
          ...(sources === undefined ? {} : { sources }),
        };
        return { ...head, ports: [`v-${name}`], mac: `02:00:00:00:00:0${n}`, addresses, ...set };
      });
      const wanted = { name: "web", ...own, hops } as unknown as ChainWanted;
      const on = { host: "kvm1", local: String(vteps["kvm1"]), bridge: "vxbr" };
      const state = isNext ? nextState(wanted, on) : hopsState(wanted, on);
      return { id: `lab-web-kvm1-${isNext ? "next" : "hops"}`, lab: LAB, ...state };
    });
}
