/** The policy pack's rules: what is refused, and what is not. test/package has them run by the engine. */
import { describe, expect, it, vi } from "vitest";
import * as rules from "../../policy/rules";
import type { Declared } from "../../policy/rules";
import schema from "../package/schema.json";

const declare = (type: string, name: string, inputs: Record<string, unknown>): Declared => ({
  type: type.includes(":") ? type : `vxlab:index:${type}`,
  name,
  inputs,
});
const port = (name: string, inputs: Record<string, unknown>) =>
  declare("VxlanPort", name, { vni: 100, local: "192.168.10.2", remotes: [], labId: "aaaa", ...inputs });

const lab: Declared[] = [
  declare("UnderlayNetwork", "net", { cidr: "192.168.10.0/24", mtu: 1500 }),
  declare("KvmHost", "a", { address: "192.168.10.2/24", mac: "52:54:00:00:00:01" }),
  declare("KvmHost", "b", { address: "192.168.10.3/24", mac: "52:54:00:00:00:02" }),
  declare("libvirt:index/domain:Domain", "a-domain", { networkInterfaces: [{ mac: "52:54:00:00:00:01" }] }),
  declare("libvirt:index/domain:Domain", "b-domain", { networkInterfaces: [{ mac: "52:54:00:00:00:02" }] }),
  declare("OvsBridge", "a-br", { mac: "0a:00:00:00:00:01", mtu: 1450 }),
  declare("OvsBridge", "b-br", { mac: "0a:00:00:00:00:02" }),
  port("a-red", { remotes: ["192.168.10.3"] }),
  port("b-red", { local: "192.168.10.3", remotes: ["192.168.10.2"] }),
  port("a-blue", { vni: 200 }),
  declare("LxcContainer", "c1", { interfaces: [{ mac: "0a:00:00:00:03:01", mtu: 1450 }] }),
  declare("command:remote:Command", "step", {
    connection: { host: "192.168.10.2", hostKey: "ssh-ed25519 A" },
  }),
];

const all: [string, rules.Rule][] = [
  ["uniqueVni", rules.uniqueVni],
  ["uniqueVtep", rules.uniqueVtep],
  ["uniqueMac", rules.uniqueMac],
  ["mtuFits", rules.mtuFits(1500)],
  ["hostKeyPinned", rules.hostKeyPinned],
  ["privateUnderlay", rules.privateUnderlay([])],
];

describe("a lab as it should be", () => {
  it.each(all)("%s has nothing to say", (_name, rule) => expect(rule(lab)).toEqual([]));
});

it("a VNI on a host by VXLAN and by GENEVE are two, since their usual UDP ports differ", () => {
  expect(rules.uniqueVni([...lab, port("a-red2", { encapsulation: "geneve" })])).toEqual([]);
});

describe("what a preview does not know yet", () => {
  const unknown = lab.map(({ type, name, inputs }) => ({
    type,
    name,
    inputs: Object.fromEntries(Object.keys(inputs).map((key) => [key, undefined])),
  }));
  it.each(all)("%s has nothing to say", (_name, rule) => expect(rule([...unknown, ...unknown])).toEqual([]));
});

const BAD: [title: string, rule: rules.Rule, more: Declared[], said: RegExp][] = [
  [
    "a host's second port to a VNI",
    rules.uniqueVni,
    [port("a-red2", {})],
    /^VNI 100 of the host 192.168.10.2 is declared twice: a-red, a-red2\.$/,
  ],
  [
    "a VNI of two labs",
    rules.uniqueVni,
    [port("x", { local: "192.168.10.9", labId: "bbbb" })],
    /^VNI 100 is used by more than one lab: aaaa, bbbb\.$/,
  ],
  [
    "a VNI of two segments",
    rules.uniqueVni,
    [
      port("x", { vni: 7, local: "192.168.10.8", segment: "red" }),
      port("y", { vni: 7, local: "192.168.10.9", segment: "blue" }),
    ],
    /^VNI 7 is used by more than one segment: blue, red\.$/,
  ],
  [
    "two hosts with one address",
    rules.uniqueVtep,
    [declare("ExistingHost", "c", { address: "192.168.10.3" })],
    /^The VTEP 192.168.10.3 belongs to more than one host: b, c\.$/,
  ],
  [
    "a tunnel to oneself",
    rules.uniqueVtep,
    [port("x", { vni: 9, remotes: ["192.168.10.2"] })],
    /^x has its own VTEP 192.168.10.2 as a remote\.$/,
  ],
  [
    "a MAC of two bridges, in whatever case",
    rules.uniqueMac,
    [declare("OvsBridge", "x", { mac: "0A:00:00:00:00:01" })],
    /^The MAC 0a:00:00:00:00:01 is used more than once: a-br, x\.$/,
  ],
  [
    "a MAC of two machines",
    rules.uniqueMac,
    [declare("libvirt:index/domain:Domain", "x", { networkInterfaces: [{ mac: "52:54:00:00:00:02" }] })],
    /: b-domain, x\.$/,
  ],
  [
    "a MAC of a container's second interface",
    rules.uniqueMac,
    [
      declare("LxcContainer", "x", {
        interfaces: [{ mac: "0a:00:00:00:09:09" }, { mac: "0a:00:00:00:03:01" }],
      }),
    ],
    /: c1, x\.$/,
  ],
  [
    "a container's MTU of the underlay's size",
    rules.mtuFits(1500),
    [declare("LxcContainer", "x", { interfaces: [{ mtu: 1500 }] })],
    /^x has MTU 1500: with 50 bytes of VXLAN that is 1550, and the underlay takes 1500\. Write 1450 or less\.$/,
  ],
  [
    "the IPv4 MTU over an IPv6 underlay",
    rules.mtuFits(1500),
    [port("x", { vni: 6, local: "fd00::1" })],
    /^a-br has MTU 1450: with 70 bytes of VXLAN/,
  ],
  [
    "a command without a host key",
    rules.hostKeyPinned,
    [declare("command:remote:Command", "x", { connection: { host: "h" } })],
    /^x has no connection\.hostKey/,
  ],
  [
    "a proxy without one",
    rules.hostKeyPinned,
    [declare("command:remote:CopyToRemote", "x", { connection: { hostKey: "k", proxy: { host: "p" } } })],
    /^x has no connection\.proxy\.hostKey/,
  ],
  [
    "a public VTEP",
    rules.privateUnderlay([]),
    [port("x", { vni: 8, remotes: ["198.51.100.7"] })],
    /^x would send unencrypted VXLAN by way of 198\.51\.100\.7/,
  ],
  [
    "a public IPv6 VTEP",
    rules.privateUnderlay(["10.0.0.0/8"]),
    [port("x", { vni: 8, local: "2001:db8::1" })],
    /by way of 2001:db8::1/,
  ],
];

describe("a public underlay", () => {
  const sealed = (name: string, inputs: Record<string, unknown>) =>
    declare("HostEncryption", name, { local: "203.0.113.2", address: "10.255.113.2", peers: [], ...inputs });
  const peers = [{ address: "198.18.0.3", vtep: "203.0.113.3", publicKey: "x" }];
  const inside = port("x", { vni: 8, local: "10.255.113.2", remotes: ["198.18.0.3"] });

  it("is allowed below WireGuard, whatever the tunnels' own addresses are", () => {
    expect(rules.privateUnderlay([])([sealed("wg", { peers }), inside])).toEqual([]);
    // Without the device the same addresses are an underlay's.
    expect(rules.privateUnderlay([])([inside])).toHaveLength(1);
  });

  it("is refused for whom no WireGuard device has as a peer, and for a port beside it", () => {
    expect(rules.privateUnderlay([])([sealed("wg", {}), inside])).toHaveLength(1);
    const beside = port("y", { vni: 9, local: "203.0.113.2", remotes: ["10.255.113.2"] });
    expect(rules.privateUnderlay([])([sealed("wg", { peers }), beside])).toHaveLength(1);
  });

  it("WireGuard's bytes count", () => {
    const box = (mtu: number) =>
      declare("LxcContainer", "c9", { interfaces: [{ mac: "0a:00:00:00:09:01", mtu }] });
    expect(rules.mtuFits(1500)([sealed("wg", {}), box(1390)])).toEqual([]);
    expect(rules.mtuFits(1500)([sealed("wg", {}), box(1391)])[0]).toContain(
      "and 60 of WireGuard that is 1501",
    );
    expect(rules.mtuFits(1500)([sealed("wg", { local: "2001:db8::2" }), box(1371)])).toHaveLength(1);
  });
});

describe("what is refused", () => {
  it.each(BAD)("%s", (_title, rule, more, said) => {
    const found = rule([...lab, ...more]);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]).toMatch(said);
  });
});

describe("settings", () => {
  it("an underlay that is not declared has the MTU that is assumed", () => {
    const jumbo = [declare("OvsBridge", "x", { mtu: 8950 })];
    expect(rules.mtuFits(9000)(jumbo)).toEqual([]);
    expect(rules.mtuFits(1500)(jumbo)).toHaveLength(1);
  });

  it.each(["10.1.1.1", "172.31.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "fd12::1", "fe80::1"])(
    "%s is private",
    (local) => expect(rules.privateUnderlay([])([port("x", { local })])).toEqual([]),
  );

  it("a network that is known to be closed is allowed", () => {
    const far = [port("x", { local: "198.51.100.7" })];
    expect(rules.privateUnderlay(["198.51.100.0/24"])(far)).toEqual([]);
    expect(rules.privateUnderlay(["198.51.101.0/24"])(far)).toHaveLength(1);
  });
});

describe("what a rule reads", () => {
  const inputsOf: Record<string, { inputProperties: object }> = schema.resources;

  /** Notes every input that a rule asks for. */
  function watched(one: Declared, read: Set<string>): Declared {
    const inputs = new Proxy(one.inputs, {
      get: (target, key) => {
        if (typeof key === "string") read.add(`${one.type} ${key}`);
        return target[key as string];
      },
    });
    return { ...one, inputs };
  }

  it.each(all)("%s asks components for inputs that they declare", (_name, rule) => {
    const read = new Set<string>();
    rule(lab.map((one) => watched(one, read)));
    const undeclared = [...read].filter((one) => {
      const [type = "", key = ""] = one.split(" ");
      return type.startsWith("vxlab:") && !Object.hasOwn(inputsOf[type]?.inputProperties ?? {}, key);
    });
    expect(undeclared).toEqual([]);
  });

  it("of VXLAN's overhead is the plan's number", async () => {
    vi.resetModules();
    vi.doMock("../../plan/net/encap", async (actual) => ({
      ...(await actual<typeof import("../../plan/net/encap")>()),
      tunnelOverhead: () => 58,
    }));
    const { mtuFits } = await import("../../policy/rules");
    expect(mtuFits(1500)([declare("OvsBridge", "x", { mtu: 1450 })])).toEqual([
      "x has MTU 1450: with 58 bytes of VXLAN that is 1508, and the underlay takes 1500. Write 1442 or less.",
    ]);
    vi.doUnmock("../../plan/net/encap");
  });
});
