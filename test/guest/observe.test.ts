/** What observe answers: after apply what was applied, and what is changed on the host as it is there. */
import fc from "fast-check";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ContainerKind } from "../../components/container/kinds";
import type { InterfaceState } from "../../components/container/thing";
import { PROTOCOL, type Observed } from "../../guest/protocol";
import { THINGS as KINDS, type StepKind } from "../../guest/things";
import { LAB, LOCAL, OWN_KEYS, THINGS } from "./arbitrary";
import { FakeHost } from "./fake-host";
import { remembersLayers } from "./fake-layers";
import { remembers } from "./fake-switch";
import { envelopeOf, type Thing } from "./made";

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
  host.shows("net/eth0/flags", "0x1003\n");
  host.shows("proc/sys/kernel/random/boot_id", "this-boot\n");
  for (const name of ["ifb", "sch_netem"]) host.shows(`modules/${name}/x`, "");
  host.shows("pairs", `${OWN_KEYS.privateKey} ${OWN_KEYS.publicKey}\n`);
  remembers(host);
  remembersLayers(host);
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
  if (kind === "impairment")
    for (const veth of ["v-c1", "v-c1_1"]) host.shows(`net/${veth}/flags`, "0x1003\n");
  if ("probed" in state) for (const veth of state.probed ?? []) host.shell(`vsctl add-port vxbr ${veth}`);
  const { code, stderr } = host.guest(["apply", kind], thing);
  // As one text: of a list, fast-check shows no more than its length.
  expect(`${code} ${stderr}`).toBe("0 ");
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

it("is asked for every kind, here or by an example in the kind's own test", () => {
  const here = new Set<string>(THINGS.map(([, kind]) => kind));
  const others = Object.keys(KINDS).filter((kind) => !here.has(kind));
  const source = (kind: string) => readFileSync(join(__dirname, `${kind}.test.ts`), "utf8");
  expect(others.filter((kind) => !/^ *it\("observes? /m.test(source(kind)))).toEqual([]);
});

/** Replaces text in a file of the host's, which must be there. */
function edit(host: FakeHost, name: string, from: string | RegExp, to: string): void {
  const before = host.read(name);
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  writeFileSync(host.path(name), after);
}

/** The fields in which two states differ; null where there is none. */
function differing(state: object | null, wanted: object): string[] | null {
  if (state === null) return null;
  const found = new Map(Object.entries(state));
  return Object.entries(wanted).flatMap(([key, value]) =>
    JSON.stringify(found.get(key)) === JSON.stringify(value) ? [] : [key],
  );
}

/** An option of a queue, as `tc qdisc replace` has it. */
const ofQueue = (option: string, to: string) => (host: FakeHost) =>
  edit(host, "tc/netem-i-slow_0", new RegExp(`${option} \\S+`), `${option} ${to}`);

/** What that changes. */
const MEDDLED = ["wg.conf", "pairs", "switch.json", "flows.json", "tc", "net"];

/** What somebody does behind the tools' back, by kind: the field of the state that must say so, and how. */
const MEDDLING: Partial<Record<StepKind, [string, (host: FakeHost) => void][]>> = {
  encryption: [
    ["mtu", (host) => host.shows("net/wg0/mtu", "1279\n")],
    ["port", (host) => edit(host, "wg.conf", /ListenPort = .*/, "ListenPort = 70000")],
    ["publicKey", (host) => edit(host, "pairs", OWN_KEYS.publicKey, "another=")],
    ["address", (host) => edit(host, "switch.json", /10\.255\.10\./, "10.255.11.")],
    ["peers", (host) => edit(host, "wg.conf", /Endpoint = .*:/, "Endpoint = 203.0.113.9:")],
    ["peers", (host) => edit(host, "wg.conf", /(Endpoint = .*):\d+/, "$1:70000")],
    ["peers", (host) => edit(host, "wg.conf", "AllowedIPs = 10.255.20.", "AllowedIPs = 10.255.21.")],
    ["peers", (host) => edit(host, "wg.conf", /\[Peer\]\n.*\n.*\n.*\n/, "")],
  ],
  impairment: [
    ["netem", ofQueue("limit", "9")],
    ["netem", ofQueue("delay", "10900000us")],
    ["netem", (host) => edit(host, "tc/netem-i-slow_0", /(delay \S+) \S+/, "$1 49000us")],
    ["netem", ofQueue("loss", "100.5%")],
    ["netem", ofQueue("duplicate", "100.5%")],
    ["netem", ofQueue("reorder", "100.5%")],
    ["netem", ofQueue("corrupt", "100.5%")],
    ["netem", ofQueue("rate", "800bit")],
    ["netem", (host) => host.forgets("tc/netem-i-slow_0")],
    ["places", (host) => edit(host, "tc/filters-eth0-egress", / (i-slow_0 .*) 0xffff/, " $1 0xfffe")],
    ["places", (host) => edit(host, "tc/filters-eth0-egress", /.* i-slow_0 .*\n/, "")],
    ["places", (host) => edit(host, "tc/filters-eth0-egress", " i-slow_0 ", " i-other ")],
    ["", (host) => host.shell("for one in $NET/i-*; do ip link del dev ${one##*/}; done")],
  ],
  chain: [
    [
      "flows",
      (host) =>
        edit(host, "flows.json", /\{("cookie":"\w+"),/, '{$1,"match":"priority=7","actions":"drop"},$&'),
    ],
    ["flows", (host) => edit(host, "flows.json", /priority=1/, "priority=9")],
    ["flows", (host) => edit(host, "flows.json", /"actions":"/, '"actions":"output:1,')],
    ["encapsulation", (host) => edit(host, "switch.json", /"type":"(vxlan|geneve)"/, '"type":"gre"')],
    ["local", (host) => edit(host, "switch.json", /"local_ip":"[^"]*"/, '"local_ip":"203.0.113.9"')],
    ["udpPort", (host) => edit(host, "switch.json", /"dst_port":"\d+"/, '"dst_port":"9"')],
    ["udpPort", (host) => edit(host, "switch.json", /"dst_port":"\d+"/, '"dst_port":"x"')],
    ["tunnels", (host) => edit(host, "switch.json", /"key":"\d+"/, '"key":"9"')],
    ["tunnels", (host) => edit(host, "switch.json", /("interface":\{[^]*?)"cf\w+":/, '$1"other":')],
    ["", (host) => host.shows("flows.json", "[]")],
  ],
};

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

  it.each(Object.keys(MEDDLING) as StepKind[])(
    "of %s, what somebody changes is seen in its field",
    (kind) => {
      const things = THINGS.find(([, one]) => one === kind)?.[2] as fc.Arbitrary<Thing>;
      // Without a delay, a queue has no jitter to be changed.
      const delayed = kind === "impairment" ? { delay: "50ms", jitter: "5ms" } : {};
      const seen = (any: Thing) => {
        const [host, thing] = [hostOf(shell), { ...any, ...delayed }];
        applied(host, kind, thing);
        const before = host.files(MEDDLED);
        for (const [n, [field, meddle]] of (MEDDLING[kind] ?? []).entries()) {
          meddle(host);
          const said = differing(observed(host, kind, thing).state, envelopeOf(kind, thing).state);
          expect([n, said], `${kind} ${n}`).toEqual([n, field === "" ? null : [field]]);
          for (const [name, text] of before) host.shows(name, text);
        }
      };
      fc.assert(fc.property(things, seen), { numRuns: 1, includeErrorInReport: true });
    },
  );

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
