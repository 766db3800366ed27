/**
 * A service chain in a segment of each way to flood, and one from a container to its gateway, on two real machines, with a Docker container
 * among the boxes: each hop counts exactly what was sent, in order; what comes by another way is dropped (the control has no flows); boxes
 * that stop; encryption. Boxes that come and go: test/lab/chain.test.ts.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cookieOf, ROLE } from "../../components/chain/cookies";
import type { ChainPlan } from "../../plan/types";
import { parseCounters, stationsOf } from "../../verify/chains";
import { capture, captures } from "../lib/capture";
import { change } from "../lib/changes";
import { WIREGUARD } from "../lib/encryption-lab";
import { Guests } from "../lib/guests";
import { MIDDLE_BOX } from "../lib/middle-box";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { strayScript } from "../lib/stray-frames";
import { onUnderlay, portsOf } from "../lib/underlay-ear";
import { redChecks, verdicts, within } from "../lib/wait";

const KVM = {
  kvm1: { address: "192.168.10.156", memory: 512 },
  kvm2: { address: "192.168.10.222", memory: 512 },
};
/** Behind the gateway: the underlay's own address. */
const OUTSIDE = "192.168.10.1";
const VXLAN = 4789;
/** Of segments that the kernel receives. */
const GPE = 4790;
const GENEVE = 6081;

/** A segment of each way to flood: its settings, and the UDP port of its own tunnels. */
const WAYS = {
  red: { vni: 100, subnet: "10.0.3.0/24", subnet6: "fd00:3::/64", gateway: { host: "kvm1" } },
  blue: { vni: 200, vlan: 20, subnet: "10.0.20.0/24", flooding: "flow" },
  green: { vni: 300, vlan: 30, subnet: "10.0.30.0/24", flooding: "multicast" },
  gold: { vni: 400, vlan: 40, subnet: "10.0.40.0/24", flooding: "evpn" },
  navy: { vni: 500, vlan: 50, subnet: "10.0.50.0/24", encapsulation: "geneve", hub: "kvm1" },
};
type Way = keyof typeof WAYS;
const PORTS: Record<Way, number> = { red: VXLAN, blue: VXLAN, green: GPE, gold: GPE, navy: GENEVE };
const NAMES = Object.keys(WAYS) as Way[];

const SIDES = [{ chain: "in" }, { chain: "out" }];
const box = (host: string) => ({ host, interfaces: SIDES, command: MIDDLE_BOX });
const near = (way: Way) => `${way}1`;
const far = (way: Way) => `${way}2`;
const address = (way: Way, n: number) => WAYS[way].subnet.replace("0/24", String(n));

/** Two ends of each segment on two hosts; the box of each is on the one or the other. */
function ends(names: readonly Way[]) {
  return Object.fromEntries(
    names.flatMap((way, index) => [
      [near(way), { host: "kvm1", segment: way, address: `${address(way, 10)}/24` }],
      [far(way), { host: "kvm2", segment: way, address: `${address(way, 11)}/24` }],
      ...(way === "red" ? [] : [[`${way}box`, box(index % 2 === 0 ? "kvm1" : "kvm2")]]),
    ]),
  ) as Record<string, object>;
}

/** Red has two boxes on one host, of which one runs in Docker, and a chain to its gateway through a third. */
function settings(names: readonly Way[], more: object = {}, boxes: object = { keep: KEEP }) {
  const own = names.filter((way) => way !== "red");
  return {
    ...{ underlay: { mode: "nat", ...more }, image: { kind: "docker" }, hosts: KVM },
    segments: Object.fromEntries(names.map((way) => [way, WAYS[way]])),
    containers: {
      ...ends(names),
      m1: box("kvm1"),
      d1: { ...box("kvm1"), kind: "docker", image: "vxlab/busybox" },
      out: box("kvm2"),
      ...boxes,
    },
    chains: {
      red: { from: "red1", to: "red2", through: ["m1", "d1"] },
      leaves: { from: "red2", to: "gateway", through: ["out"] },
      ...Object.fromEntries(
        own.map((way) => [
          way,
          {
            ...{ from: near(way), to: far(way), through: [`${way}box`] },
            failure: way === "blue" ? "open" : "closed",
          },
        ]),
      ),
    },
  };
}

/** A Docker container beside them, in red. */
const KEEP = {
  ...{ host: "kvm1", kind: "docker", image: "vxlab/busybox", segment: "red", address: "10.0.3.50/24" },
  ...{ volumes: { "/data": "kept" }, capAdd: ["NET_ADMIN"] },
};
/** Of capabilities(7). */
const NET_ADMIN = 12n;

const COOKIES = "cookie=0x5f00000000000000/0xff00000000000000";
/** How many pings are sent, where what is counted is compared with it. */
const SENT = 7;
/** Longest time after which a packet is counted, ms. */
const COLLECTS = 2500;

let project: Project;
let guests: Guests;

const plans = (): ChainPlan[] => guests.lab.chains ?? [];
const each = <T>(ask: (host: string) => Promise<T>): Promise<T[]> => Promise.all(Object.keys(KVM).map(ask));

/** From where to where each chain is tried. */
const tried = (names: readonly Way[]) => ({
  ...Object.fromEntries(names.map((way) => [way, [near(way), address(way, 11)] as const])),
  leaves: ["red2", OUTSIDE] as const,
});
/** How many of the pings through each chain are answered. */
async function answered(names: readonly Way[], count = 4): Promise<Record<string, number>> {
  const found = Object.entries(tried(names)).map(async ([chain, [from, to]]) => {
    const { stdout } = await guests.ping(from, `-c ${count} -i 0.3 -W 3 ${to}`);
    return [chain, Number(/(\d+) received/.exec(stdout)?.[1])];
  });
  return Object.fromEntries(await Promise.all(found)) as Record<string, number>;
}
const all = (names: readonly Way[], count: number) =>
  Object.fromEntries(Object.keys(tried(names)).map((chain) => [chain, count]));
const passes = (names: readonly Way[]) =>
  within(60, "every chain", async () => {
    const found = await answered(names);
    return Object.values(found).every((count) => count === 4);
  });

/** What the flows of all chains have counted, over both hosts. */
async function counters(): Promise<ReadonlyMap<string, number>> {
  const said = await each((host) => guests.tell(host, `ovs-ofctl dump-flows vxbr ${COOKIES}`));
  const sums = new Map<string, number>();
  for (const [cookie, packets] of said.flatMap((text) => [...parseCounters(text)]))
    sums.set(cookie, (sums.get(cookie) ?? 0) + packets);
  return sums;
}

/** The same, once two looks agree: Open vSwitch collects twice a second what the kernel counts, on a busy machine later. */
async function settled(): Promise<ReadonlyMap<string, number>> {
  await sleep(COLLECTS);
  let found = await counters();
  await within(60, "the same twice", async () => {
    await sleep(COLLECTS);
    const last = found;
    found = await counters();
    return [...found].every(([cookie, packets]) => last.get(cookie) === packets);
  });
  return found;
}

/** Packets at each place of each chain while something happens, and those that came by another way. */
async function counted(happens: () => Promise<unknown>): Promise<Record<string, Record<string, number>>> {
  const before = await settled();
  await happens();
  const after = await settled();
  const more = (cookie: string) => (after.get(cookie) ?? NaN) - (before.get(cookie) ?? NaN);
  return Object.fromEntries(
    plans().map((plan) => [
      plan.name,
      Object.fromEntries([
        ...stationsOf(plan).map(({ hop, does, way, cookie }) => [`${way} ${hop} ${does}`, more(cookie)]),
        ...plan.hops.flatMap((hop) => {
          const cookie = cookieOf(plan, hop, ROLE.guard[0]);
          return after.has(cookie) ? [[`${hop.name} guard`, more(cookie)]] : [];
        }),
      ]),
    ]),
  );
}

beforeAll(async () => {
  project = await Project.create("chain-long");
  project.configure(settings(NAMES));
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1800 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe("chains with every way to flood, and to a gateway", () => {
  it("lead: every check is green, a second up changes nothing", async () => {
    await within(180, "every check green", async () => (await redChecks(project)).length === 0);
    const chains = await verdicts(project, "chain");
    expect(chains.map(({ name }) => name).sort()).toEqual(
      ["leaves", ...NAMES].map((name) => `chain/${name}`).sort(),
    );
    expect((await change(project, ["up"])).steps).toEqual([]);
  });

  it(`count ${SENT} of ${SENT} packets at every hop, there and back, and none by another way`, async () => {
    await passes(NAMES);
    const found = await counted(async () => expect(await answered(NAMES, SENT)).toEqual(all(NAMES, SENT)));
    expect(Object.keys(found).length).toBe(NAMES.length + 1);
    for (const [chain, places] of Object.entries(found)) {
      const guards = Object.entries(places).filter(([place]) => place.endsWith("guard"));
      const hops = Object.entries(places).filter(([place]) => !place.endsWith("guard"));
      expect(guards.length, chain).toBeGreaterThan(0);
      expect(Object.fromEntries(guards), chain).toEqual(Object.fromEntries(guards.map(([at]) => [at, 0])));
      expect(Object.fromEntries(hops), chain).toEqual(Object.fromEntries(hops.map(([at]) => [at, SENT])));
    }
  });

  it("pass two boxes of one host, LXC and Docker, in order, and backwards on the way back", async () => {
    const wire = await capture(guests, "kvm1", "tcpdump -i any -nn -t -l icmp and host 10.0.3.11");
    expect((await guests.ping("red1", `-c ${SENT} -i 0.3 -W 3 10.0.3.11`)).code).toBe(0);
    const seen = (await wire()).split("\n").flatMap((line) => {
      const [, port, side, seq] = /^(v-\S+)\s+(\w+)\s+IP .* echo \w+, id \d+, seq (\d+)/.exec(line) ?? [];
      return port === undefined ? [] : [{ seq: Number(seq), at: `${port} ${side === "Out" ? "Out" : "In"}` }];
    });
    const there = ["v-red1 In", "v-m1 Out", "v-m1_1 In", "v-d1 Out", "v-d1_1 In"];
    const back = ["v-d1_1 Out", "v-d1 In", "v-m1_1 Out", "v-m1 In", "v-red1 Out"];
    for (let seq = 1; seq <= SENT; seq++)
      expect(seen.filter((one) => one.seq === seq).map(({ at }) => at)).toEqual([...there, ...back]);
  });
});

describe("a packet between a chain's ends that comes by another way", () => {
  /** To each far end, from its peer's host, as if the near end had sent it round the boxes. */
  async function stray(): Promise<Record<string, number>> {
    const ears = await captures(
      guests,
      "kvm2",
      NAMES.map((way) => guests.inside(far(way), "tcpdump -i eth0 -nn -l udp port 9")),
    );
    const mac = (name: string) =>
      guests.lab.containers.find((one) => one.name === name)?.interfaces[0]?.mac ?? "";
    const scripts = NAMES.map((way) =>
      strayScript({
        ...{ to: KVM.kvm2.address, port: PORTS[way], vni: WAYS[way].vni, geneve: way === "navy" },
        source: { mac: mac(near(way)), address: address(way, 10) },
        target: { mac: mac(far(way)), address: address(way, 11) },
      }),
    );
    await guests.tell("kvm1", scripts.join("\n"));
    const heard = await ears();
    return Object.fromEntries(
      NAMES.map((way, index) => [way, (heard[index] ?? "").split("\n").filter((line) => line !== "").length]),
    );
  }

  it("is dropped and counted, whatever floods there, and verify's counters are what says so", async () => {
    let heard: Record<string, number> = {};
    const found = await counted(async () => (heard = await stray()));
    expect(heard).toEqual(Object.fromEntries(NAMES.map((way) => [way, 0])));
    expect(NAMES.map((way) => [way, found[way]?.[`${far(way)} guard`]])).toEqual(
      NAMES.map((way) => [way, 3]),
    );
  });

  it("arrives without the chains' flows, and pings go round the boxes: the control", async () => {
    await each((host) => guests.tell(host, `ovs-ofctl del-flows vxbr ${COOKIES}`));
    try {
      expect(await stray()).toEqual(Object.fromEntries(NAMES.map((way) => [way, 3])));
      const boxes = "v-m1 v-m1_1 v-d1 v-d1_1 v-out v-out_1 v-*box v-*box_1";
      const look = `for port in ${boxes}; do [ ! -e $port ] || echo $port $(cat $port/statistics/tx_packets); done`;
      const given = () => each((host) => guests.tell(host, `cd /sys/class/net; ${look}`));
      const before = await given();
      expect(await answered(NAMES)).toEqual(all(NAMES, 4));
      expect(await given()).toEqual(before);
      expect((await verdicts(project, "chain")).filter(({ ok }) => ok)).toEqual([]);
    } finally {
      await each((host) => guests.tell(host, "/usr/lib/vxlab/guest flows"));
    }
    await passes(NAMES);
    expect(await redChecks(project, "chain")).toEqual([]);
  });
});

describe("boxes that stop", () => {
  it("stop what fails closed and nothing else, Docker's and the gateway's too, and lead again when they run", async () => {
    const lxc = (verb: string, name: string) =>
      guests.tell(guests.hostOf(name), `lxc-${verb} -P /var/lib/vxlab/containers -n ${name}`);
    const boxes = ["out", "bluebox", "greenbox", "goldbox", "navybox"];
    for (const name of boxes) await lxc("stop -k", name);
    await guests.tell("kvm1", "docker kill vxlab-d1", 120);
    // Blue fails open.
    await within(20, "blue", async () => (await answered(["blue"]))["blue"] === 4);
    expect(await answered(NAMES)).toEqual({ ...all(NAMES, 0), blue: 4 });
    for (const name of boxes) await lxc("start", name);
    good(await project.vxlab(["restart", "d1"], { timeout: 400 }));
    await passes(NAMES);
    expect(await redChecks(project, "chain")).toEqual([]);
  });

  it("come back with their hosts", { timeout: 900_000 }, async () => {
    const boot = async (host: string) =>
      (await guests.ask(host, "cat /proc/sys/kernel/random/boot_id", 15)).stdout;
    const before = await each(boot);
    await each(async (host) => {
      await guests.ask(host, "sync; reboot", 15);
      await guests.hangUp(host);
    });
    await within(300, "other boots", async () =>
      (await each(boot)).every((id) => id !== "" && !before.includes(id)),
    );
    await within(300, "every check of chains green", async () =>
      redChecks(project, "chain").then(
        (red) => red.length === 0,
        () => false,
      ),
    );
    await passes(NAMES);
  });
});

describe("a Docker container's volume and capability", () => {
  const inKeep = async (words: string) =>
    good(await project.vxlab(["exec", "keep", "--", "sh", "-c", words], { timeout: 60 })).trim();
  const mayConfigure = async () => {
    const found = /^CapEff:\s*(\S+)/m.exec(await inKeep("cat /proc/1/status"))?.[1] ?? "0";
    return ((BigInt(`0x${found}`) >> NET_ADMIN) & 1n) === 1n;
  };

  it("are there: what is in the volume outlives a new container, what is beside it does not, and a capability goes with its setting", async () => {
    await inKeep("echo kept >/data/file; echo lost >/file");
    expect(await mayConfigure()).toBe(true);
    project.configure(settings(NAMES, {}, { keep: { ...KEEP, capAdd: undefined } }));
    const { steps } = await change(project, ["up"], { timeout: 600 });
    expect(steps.filter((step) => step.endsWith("-step"))).toEqual(["update lab-keep-step"]);
    expect(await inKeep("cat /data/file; ls /file 2>/dev/null || echo none")).toBe("kept\nnone");
    expect(await mayConfigure()).toBe(false);
  });
});

describe("chains of an underlay that encrypts", () => {
  const names = NAMES.filter((way) => way !== "green");

  it("are inside of WireGuard, and count as before", async () => {
    const plain = await onUnderlay(project, () => passes(names));
    expect(portsOf(plain)).toEqual(expect.arrayContaining([VXLAN, GENEVE]));
    project.configure(settings(names, { encryption: "wireguard" }));
    good(await project.vxlab(["up", "--no-verify"], { timeout: 1200 }));
    await guests.close();
    guests = await Guests.of(project);
    await passes(names);
    let found: Record<string, Record<string, number>> = {};
    const seen = await onUnderlay(project, async () => {
      found = await counted(async () => expect(await answered(names, SENT)).toEqual(all(names, SENT)));
    });
    // What leaves the overlay is not encrypted.
    const hosts = Object.values(KVM).map((host) => host.address);
    const between = seen.filter(({ from, to }) => hosts.includes(from) && hosts.includes(to));
    expect(portsOf(between)).toEqual([WIREGUARD]);
    for (const [chain, places] of Object.entries(found))
      for (const [place, packets] of Object.entries(places))
        expect([chain, place, packets]).toEqual([chain, place, place.endsWith("guard") ? 0 : SENT]);
    expect(await redChecks(project)).toEqual([]);
  });

  it("leave nothing", async () => {
    const { id } = guests.lab;
    await guests.close();
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [id])).toEqual([]);
  });
});
