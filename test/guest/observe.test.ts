/** What observe answers: after apply what was applied, and what is changed on the host as it is there. */
import fc from "fast-check";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ContainerKind } from "../../components/container/kinds";
import type { InterfaceState } from "../../components/container/thing";
import { WAYS } from "../../components/segment/ways";
import { PROTOCOL, type Observed } from "../../guest/protocol";
import { THINGS as KINDS, type StepKind } from "../../guest/things";
import { Encapsulation } from "../../plan/net/encap";
import { Flooding } from "../../plan/types";
import { FakeHost } from "./fake-host";
import { remembers } from "./fake-switch";
import { envelopeOf, type Thing } from "./made";

const LAB = "00c0ffee";
const LOCAL = "192.168.10.156";

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

const THINGS: [string, StepKind, fc.Arbitrary<Thing>][] = [
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

/** A host with the lab's bridge that remembers. */
function hostOf(shell: string): FakeHost {
  const host = new FakeHost(shell);
  host.shows("addresses", `2: eth0    inet ${LOCAL}/24 scope global eth0\n`);
  host.shows("sys/net/ipv4/igmp_max_memberships", "256\n");
  host.shows("sys/net/ipv4/conf/vxbr/arp_ignore", "0\n");
  for (const device of ["eth0", "gw-red"]) host.shows(`sys/net/ipv4/conf/${device}/forwarding`, "0\n");
  host.shows("images/vxlab_busybox", "sha256:aa\n");
  for (const name of ["zebra", "bgpd"]) {
    host.shows(`frr/${name}`, "");
    chmodSync(host.path(`frr/${name}`), 0o755);
  }
  host.shows("own", '{"entry":["/bin/app"],"cmd":null}\n');
  host.shows("state/containers/c1/rootfs/etc/hostname", "");
  remembers(host);
  return host;
}

/** Inside the container it is as LXC or the step makes it. */
function inside(host: FakeHost, interfaces: readonly InterfaceState[]): void {
  const link = (name: string, mtu: number, mac: string, addresses: readonly string[]) => [
    `2: ${name}@if9: <UP> mtu ${mtu} qdisc noqueue state UP\\    link/ether ${mac} brd ff:ff:ff:ff:ff:ff`,
    ...addresses.map((one) => `2: ${name}    inet ${one} scope global ${name}`),
  ];
  const lines = interfaces.flatMap(({ name, mtu, mac, addresses, dhcp, trunk, gateway }) => [
    ...link(name, mtu, mac, dhcp ? ["10.1.2.150/24"] : addresses),
    ...trunk.flatMap((tagged) => link(`${name}.${tagged.vlan}`, tagged.mtu, mac, tagged.addresses)),
    ...(gateway === null ? [] : [`default via ${gateway} dev ${name}`]),
  ]);
  host.shows("inside", lines.map((line) => `${line}\n`).join(""));
}

function observed(host: FakeHost, kind: StepKind, thing: Thing): Observed {
  const { code, stdout, stderr } = host.guest(["observe", kind], thing);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Observed;
}

function applied(host: FakeHost, kind: StepKind, thing: Thing): void {
  const { state } = envelopeOf(kind, thing);
  if ("interfaces" in state) {
    inside(host, state.interfaces);
    host.shows("net/vxbr/address", "\n");
  }
  // nft has the table then, and dnsmasq runs.
  if ("nat" in state && state.nat) host.shows("table", "");
  if ("dhcp" in state) host.shows("loop.sh", SERVES);
  if (kind === "router") host.shows("loop.sh", ROUTES);
  expect(host.guest(["apply", kind], thing)).toMatchObject({ code: 0, stderr: "" });
  // LXC plugs when it starts a container.
  if ("interfaces" in state && state.kind === ContainerKind.Lxc)
    for (const { veth } of state.interfaces) host.guest(["plug", "c1", "net", "up", "veth", veth]);
}

/** In place of dnsmasq, a process that is called as it is. */
const SERVES = `folder=$FAKE/state/services/${LAB}-lab-kvm1-gw
sh -c 'sleep 20; :' "$folder/dnsmasq.conf" x </dev/null >/dev/null 2>&1 &
echo $! >"$folder/dnsmasq.pid"
`;

/** In place of FRR: its process files. */
const ROUTES = `
case $3 in zebra) pid=41 ;; *) pid=42 ;; esac
mkdir -p "$FAKE/proc/$pid"
printf '/usr/lib/frr/%s\\0-N\\0vxlab\\0' "$3" >"$FAKE/proc/$pid/cmdline"
echo $pid >"$FAKE/run-frr/vxlab/$3.pid"
`;

function ended(host: FakeHost): void {
  const file = host.path(`state/services/${LAB}-lab-kvm1-gw/dnsmasq.pid`);
  if (existsSync(file)) process.kill(Number(readFileSync(file, "utf8")));
}

/** In these files, with fake programs of their own. */
const ELSEWHERE: readonly StepKind[] = ["encryption", "impairment", "chain"];

it("is asked for every kind", () => {
  const asked = new Set([...THINGS.map(([, kind]) => kind), ...ELSEWHERE]);
  expect([...asked].sort()).toEqual(Object.keys(KINDS).sort());
  const source = (kind: StepKind) => readFileSync(join(__dirname, `${kind}.test.ts`), "utf8");
  expect(ELSEWHERE.filter((kind) => !/^ *it\("observes? /m.test(source(kind)))).toEqual([]);
});

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  it.each(THINGS)("of %s, what was applied is what is observed", (_, kind, things) => {
    fc.assert(
      fc.property(things, (thing) => {
        const host = hostOf(shell);
        const docker = createServer().listen(host.path("docker.sock"));
        try {
          applied(host, kind, thing);
          expect(observed(host, kind, thing)).toEqual({ v: PROTOCOL, state: envelopeOf(kind, thing).state });
        } finally {
          docker.close();
          ended(host);
        }
      }),
      { numRuns: 3, includeErrorInReport: true },
    );
  });

  it("what is not there is null", () => {
    const host = hostOf(shell);
    const bridge = { id: "lab-kvm1-vxbr", lab: LAB, bridge: "vxbr", mac: "02:00:00:00:00:01", mtu: 1450 };
    expect(observed(host, "bridge", bridge)).toEqual({ v: PROTOCOL, state: null });
    const red = {
      id: "lab-kvm1-red",
      lab: LAB,
      bridge: "vxbr",
      vni: 7,
      local: LOCAL,
      remotes: ["192.168.20.9"],
    };
    expect(observed(host, "port", red)).toEqual({ v: PROTOCOL, state: null });
  });

  it("what somebody changed is as it is on the host", () => {
    const host = hostOf(shell);
    const red = {
      id: "lab-kvm1-red",
      lab: LAB,
      bridge: "vxbr",
      vni: 7,
      local: LOCAL,
      remotes: ["192.168.20.9"],
    };
    applied(host, "port", red);
    const changed = host
      .read("switch.json")
      .replace('"key":"7"', '"key":"8"')
      .replace('"tag":"0"', '"tag":"5"');
    writeFileSync(host.path("switch.json"), changed);
    expect(observed(host, "port", red).state).toEqual({ ...envelopeOf("port", red).state, vni: 8, vlan: 5 });
  });
});
