import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fault } from "../../cli/exit";
import { pairCounts } from "../../verify/pairs";
import { buildChecks, isWanted } from "../../verify/registry";
import type { Check } from "../../verify/check";
import type { LabOutput } from "../../plan/contract";
import { REACH, endsOf, farPairs, pingPairs, ringOf, strangers } from "../../verify/pairs";
import { pingsOf } from "../../verify/gather";
import { wantedChecks } from "../../cli/access/prove";
import { fabricLab, meshOf, referenceLab, twinSegments, twoSegments } from "../cli/fixture";

const named = (checks: readonly Check[], name: string): Check => {
  const found = checks.find((check) => check.name === name);
  if (found === undefined) throw new Error(`no ${name} among ${checks.map((c) => c.name).join(", ")}`);
  return found;
};

describe("the reference lab's checks", () => {
  const checks = buildChecks(referenceLab());

  it("are the proof of the design, each by name", () => {
    expect(checks.map(({ name }) => name)).toEqual([
      "ssh/kvm1",
      "bridge/kvm1/vxbr",
      "tunnel/kvm1/vx100-c0a80ade",
      ...["kept/kvm1", "drift/kvm1", "foreign/kvm1"],
      "ssh/kvm2",
      "bridge/kvm2/vxbr",
      "tunnel/kvm2/vx100-c0a80a9c",
      ...["kept/kvm2", "drift/kvm2", "foreign/kvm2"],
      "container/c1",
      "container/c2",
      "ping/c1/c2",
      "ping/c2/c1",
      "mtu/c1/c2/1450",
      "mtu/c1/c2/1451",
      "mtu/c2/c1/1450",
      "mtu/c2/c1/1451",
      "wire/c1/c2",
      "wire/c2/c1",
    ]);
  });

  it.each([
    ["ssh/kvm1", "192.168.10.156 answers with its pinned host key", "./vxlab ssh kvm1 -- uptime"],
    [
      "tunnel/kvm1/vx100-c0a80ade",
      "in use, protected, remote_ip=192.168.10.222 local_ip=192.168.10.156 key=100 dst_port=4789",
      "./vxlab ssh kvm1 -- ovs-vsctl list port vx100-c0a80ade -- list interface vx100-c0a80ade",
    ],
    ["ping/c1/c2", "c2 (10.0.3.11) answers c1", "./vxlab exec c1 -- ping -c 3 10.0.3.11"],
    ["mtu/c2/c1/1450", "a packet of 1450 bytes with DF passes", "./vxlab exec c2 -- ip link show dev eth0"],
    [
      "wire/c1/c2",
      "192.168.10.156 > 192.168.10.222 UDP 4789 VNI 100",
      "./vxlab capture kvm2 --count 10 (and ./vxlab exec c1 -- ping 10.0.3.11)",
    ],
  ])("%s says what is expected and where to look", (name, expected, where) => {
    expect(named(checks, name)).toMatchObject({ expected, where });
  });

  it("looks for a ping on the wire at its destination", () => {
    expect(named(checks, "wire/c1/c2")).toMatchObject({
      host: "kvm2",
      ping: { name: "ping/c1/c2", host: "kvm1", from: "c1", to: "10.0.3.11" },
    });
  });

  it("sends each ping once, though two checks want it", () => {
    expect(pingsOf(checks).map(({ name, mode, size }) => [name, mode, size])).toEqual([
      ["ping/c1/c2", "reach", undefined],
      ["ping/c2/c1", "reach", undefined],
      ["mtu/c1/c2/1450", "fits", 1450],
      ["mtu/c1/c2/1451", "too-big", 1451],
      ["mtu/c2/c1/1450", "fits", 1450],
      ["mtu/c2/c1/1451", "too-big", 1451],
    ]);
  });

  it("sends the ping that a capture waits for, when only the capture was asked for", () => {
    const wire = checks.filter((check) => isWanted(check, ["wire/c1"]));
    expect(pingsOf(wire).map(({ name, host, mode }) => [name, host, mode])).toEqual([
      ["ping/c1/c2", "kvm1", "reach"],
    ]);
  });
});

describe("two segments", () => {
  const checks = buildChecks(twoSegments());
  const names = checks.map(({ name }) => name);

  it("ping within a segment only", () => {
    const pings = names.filter((name) => name.startsWith("ping/"));
    expect(pings.sort()).toEqual([
      ...["ping/c1/c2", "ping/c1/c3", "ping/c2/c1", "ping/c2/c3", "ping/c3/c1", "ping/c3/c2"],
      ...["ping/d1/d2", "ping/d2/d1"],
    ]);
  });

  it("prove their own MTU, VNI and UDP port", () => {
    expect(names).toContain("mtu/d1/d2/1401");
    expect(named(checks, "wire/d1/d2").expected).toBe("192.168.10.156 > 192.168.10.33 UDP 4790 VNI 70000");
  });

  it("must not reach each other: each container tries one stranger, on its own host where there is one", () => {
    expect(names.filter((name) => name.startsWith("isolation/"))).toEqual([
      "isolation/d1/c1",
      "isolation/d2/c3",
      "isolation/c1/d1",
      "isolation/c2/d1",
      "isolation/c3/d2",
    ]);
  });

  it("say that a port is shared, which one segment alone does not", () => {
    const words = (of: readonly Check[]) => named(of, "tunnel/kvm1/vx100-c0a80ade").expected;
    expect(words(checks)).toContain("one VLAN, ");
    expect(words(buildChecks(referenceLab()))).not.toContain("VLAN");
  });
});

describe("a fabric's checks", () => {
  const checks = buildChecks(fabricLab());
  const names = checks.map(({ name }) => name);
  const of = (kind: string) => names.filter((name) => name.startsWith(`${kind}/`));

  it("look at each way of flooding in its own form, and at services", () => {
    expect(of("tunnel")).toEqual([
      ...[
        "tunnel/kvm1/vx100-c0a80ade",
        "tunnel/kvm1/vx100-ac140005",
        "tunnel/kvm1/vf200",
        "tunnel/kvm1/pf200",
      ],
      ...["tunnel/kvm1/vm300", "tunnel/kvm2/vx100-c0a80a9c", "tunnel/kvm2/vf200", "tunnel/kvm2/pf200"],
      ...["tunnel/kvm2/vm300", "tunnel/server/vx100-c0a80a9c"],
    ]);
    expect(of("service")).toEqual(["service/green"]);
    expect(named(checks, "tunnel/kvm1/vx100-c0a80ade").expected).toContain("not protected, ");
    expect(named(checks, "tunnel/kvm2/vm300").expected).toBe(
      "VNI 300, group 239.0.1.44, UDP 4790, TTL 16, on the bridge",
    );
    expect(named(checks, "container/c4").expected).toContain("an address from DHCP");
  });

  it("ping by each family, each interface, to addresses that are known", () => {
    expect(of("ping").sort()).toEqual([
      ...["ping/c1/c2", "ping/c1/c3/blue", "ping/c1/s1", "ping/c2/c1", "ping/c2/s1", "ping/c3/c1/blue"],
      ...[
        "ping/c3/d1/green",
        "ping/c4/c3/green",
        "ping/c4/d1",
        "ping/d1/c3/green",
        "ping/s1/c1",
        "ping/s1/c2",
      ],
    ]);
    expect(of("ping6")).toEqual(["ping6/c1/c2", "ping6/c2/c1"]);
    expect(named(checks, "ping/c3/c1/blue").ping).toMatchObject({
      from: "c3",
      nic: "eth0.20",
      to: "10.0.4.10",
    });
  });

  it("ask the gateway from everybody in its segment", () => {
    expect(of("gateway")).toEqual(["gateway/c3/green", "gateway/c4/green", "gateway/d1/green"]);
  });

  it("ask one hop beyond the gateway, from one whose default route it is", () => {
    expect(of("beyond")).toEqual(["beyond/green"]);
    expect(named(checks, "beyond/green").ping).toMatchObject({ from: "c4", nic: "eth0", to: "192.168.10.1" });
    const elsewhere = buildChecks({ ...fabricLab(), underlays: [] });
    expect(named(elsewhere, "beyond/green").ping, "without an underlay another host").toMatchObject({
      to: "192.168.10.222",
    });
  });

  it("expect what goes from spoke to spoke from the hub", () => {
    expect(named(checks, "wire/s1/c1").expected).toMatch(/^172\.20\.0\.5 > 192\.168\.10\.156 /);
    const { hosts, ...rest } = fabricLab();
    const without = { ...rest, hosts, containers: rest.containers.filter(({ name }) => name !== "c1") };
    const spokes = buildChecks(without);
    expect(named(spokes, "wire/s1/c2").expected).toBe("192.168.10.156 > 192.168.10.222 UDP 4789 VNI 100");
  });

  it("look for no ping on the wire whose sender's address is lent", () => {
    expect(of("wire").filter((name) => name.startsWith("wire/c4"))).toEqual([]);
  });

  it("take nobody for a stranger who is in both segments", () => {
    expect(of("isolation").filter((name) => /c1\/c3|c3\/c1/.test(name))).toEqual([]);
    expect(of("isolation").length).toBeGreaterThan(2);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("labs at the edge", () => {
  it("one machine alone has neither tunnels nor wires", () => {
    const names = buildChecks(meshOf(1, 2)).map(({ name }) => name.split("/")[0]);
    expect(names).toEqual([
      ...["ssh", "bridge", "kept", "drift", "foreign", "container", "container"],
      ...["ping", "ping", "mtu", "mtu", "mtu", "mtu"],
    ]);
  });

  it("a machine without containers is looked at all the same", () => {
    expect(buildChecks(meshOf(2, 0)).map(({ name }) => name)).toHaveLength(12);
  });

  it("one container has nobody to ping", () => {
    const kinds = new Set(buildChecks(meshOf(2, 1)).map(({ kind }) => kind));
    expect([...kinds]).toEqual(["ssh", "bridge", "tunnel", "kept", "drift", "foreign", "container"]);
  });

  it("all pairs, where they are asked for; else what is left out is counted", () => {
    const lab = meshOf(3, 12);
    const pings = (allPairs: boolean) =>
      buildChecks(lab, { allPairs }).filter(({ kind }) => kind === "ping").length;
    expect([pings(false), pings(true)]).toEqual([48, 132]);
    expect(pairCounts(lab)).toEqual({ pinged: 48, all: 132 });
    expect(pairCounts(referenceLab())).toEqual({ pinged: 2, all: 2 });
  });

  it.each([
    ["containers", (n: number) => meshOf(10, n)],
    ["hosts, but for what is in the switches", (n: number) => meshOf(n, 2 * n)],
  ])("what is sent, and looked at, grows with the %s, not with their square", (_, lab) => {
    const count = (n: number) => buildChecks(lab(n)).filter(({ kind }) => kind !== "tunnel").length;
    const growth = [10, 20, 40].map((n) => count(2 * n) - count(n));
    expect(growth.map((more) => more / (growth[0] ?? 0))).toEqual([1, 2, 4]);
  });

  it("pings grow with the containers, not with their square", () => {
    const count = (containers: number) =>
      buildChecks(meshOf(10, containers)).filter(({ kind }) => kind === "ping").length;
    expect([5, 6, 50, 100].map(count)).toEqual([20, 24, 200, 400]);
  });
});

describe("the ring", () => {
  const labs = fc.record({
    machines: fc.integer({ min: 1, max: 6 }),
    boxes: fc.integer({ min: 0, max: 20 }),
  });

  it("pings both ways, never itself, nobody twice, everybody at least from two sides", () => {
    fc.assert(
      fc.property(labs, ({ machines, boxes }) => {
        const all = pingPairs(meshOf(machines, boxes).containers.flatMap(endsOf)).map(
          ({ from, to }) => `${from.name}>${to.name}`,
        );
        expect(new Set(all).size).toBe(all.length);
        for (const pair of all) {
          const [from, to] = pair.split(">");
          expect(from).not.toBe(to);
          expect(all).toContain(`${to}>${from}`);
        }
        const each = Math.min(Math.max(boxes - 1, 0), 2 * REACH);
        expect(all).toHaveLength(boxes * each);
      }),
      { numRuns: 50 },
    );
  });

  it("takes the hosts in turn, so that neighbours are on different hosts", () => {
    const onTwoHosts = meshOf(3, 6)
      .containers.flatMap(endsOf)
      .map((box, i) => ({ ...box, host: i < 3 ? "h00" : "h01" }));
    expect(ringOf(onTwoHosts).map(({ host }) => host)).toEqual(["h00", "h01", "h00", "h01", "h00", "h01"]);
    expect(farPairs(onTwoHosts).every(({ from, to }) => from.host !== to.host)).toBe(true);
  });

  it("crosses every host of a segment, and its wire, both ways, however the containers are dealt out", () => {
    const dealt = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(dealt, (hosts) => {
        const ends = meshOf(1, hosts.length)
          .containers.flatMap(endsOf)
          .map((end, i) => ({ ...end, host: `h${hosts[i]}` }));
        const all = [...new Set(ends.map(({ host }) => host))].sort();
        if (all.length < 2) return;
        const far = pingPairs(ends).filter(({ from, to }) => from.host !== to.host);
        expect([...new Set(far.map(({ from }) => from.host))].sort()).toEqual(all);
        expect([...new Set(far.map(({ to }) => to.host))].sort()).toEqual(all);
        const wires = farPairs(ends).filter(({ from, to }) => from.host !== to.host);
        expect([...new Set(wires.map(({ from }) => from.host))].sort()).toEqual(all);
      }),
      { numRuns: 200 },
    );
  });

  it("has no strangers in one segment, or with the same address", () => {
    const red = twoSegments()
      .containers.flatMap(endsOf)
      .filter(({ segment }) => segment === "red");
    expect(strangers([red, []])).toEqual([]);
    const same = red.map((box) => ({ ...box, name: `x${box.name}`, segment: "blue" }));
    // c1's own address is in blue as well: it tries another of blue's.
    expect(strangers([red.slice(0, 1), same]).map(({ from, to }) => [from.name, to.name])[0]).toEqual([
      "c1",
      "xc2",
    ]);
  });
});

describe("isolation of segments with one subnet", () => {
  const isolated = (lab: LabOutput) =>
    buildChecks(lab).flatMap(({ kind, name }) => (kind === "isolation" ? [name] : []));

  it("asks for no address that a host, or whom it is lent to, has in the own segment", () => {
    // Of blue's, 10 and 11 are containers' in red, 1 is its gateway's, 150 may be lent.
    expect(isolated(twinSegments())).toEqual(["isolation/c1/d5", "isolation/c2/d5"]);
  });

  it("asks for a link-local address where a segment has IPv6 alone: others are beyond the routes", () => {
    const { containers, ...lab } = twoSegments();
    const six = containers.map((box) => ({
      ...box,
      interfaces: box.interfaces.map((nic) =>
        nic.segment === "red" ? nic : { ...nic, mac: "02:00:00:00:00:01", addresses: ["fd00:4::1/64"] },
      ),
    }));
    const found = buildChecks({ ...lab, containers: six }).filter(({ kind }) => kind === "isolation");
    const asked = found.map(({ ping }) => ping?.to ?? "");
    expect(asked.filter((to) => to.includes(":"))).not.toEqual([]);
    expect(asked.filter((to) => to.includes(":") && to !== "fe80::ff:fe00:1")).toEqual([]);
  });

  it("asks for none where peers may have any, and for others as before", () => {
    const far = { port: "vx100-0a", host: "underlay-b/b1", address: "192.168.20.11" };
    const withPeer = (lab: LabOutput): LabOutput => ({
      ...lab,
      hosts: lab.hosts.map((host) => ({
        ...host,
        ports: host.ports.map((port) => ({ ...port, tunnels: [...port.tunnels, far] })),
      })),
    });
    expect(isolated(withPeer(twinSegments()))).toEqual([]);
    expect(isolated(withPeer(twoSegments()))).toEqual(isolated(twoSegments()));
  });
});

describe("--only", () => {
  it.each([
    ["the whole name", "ping/c1/c2", true],
    ["its beginning", "ping/c1", true],
    ["a kind", "ping", true],
    ["a thing in it", "c2", true],
    ["half a word", "pin", false],
    ["another", "mtu", false],
  ])("%s", (_, word, wanted) => {
    expect(isWanted({ name: "ping/c1/c2" }, [word])).toBe(wanted);
  });

  it("several are one or the other", () => {
    expect(wantedChecks(referenceLab(), ["ssh", "wire/c1"]).map(({ name }) => name)).toEqual([
      "ssh/kvm1",
      "ssh/kvm2",
      "wire/c1/c2",
    ]);
  });

  it("a name that fits nothing is refused: a test of nothing would pass", () => {
    const attempt = () => wantedChecks(referenceLab(), ["ssh", "pong"]);
    expect(attempt).toThrow(Fault);
    expect(attempt).toThrow(
      "no check is named pong: use a kind (ssh, bridge, tunnel, kept, drift, foreign, container, ping, mtu, wire), a host or a container",
    );
  });
});
