/**
 * The host guard on three real machines. Each attack is tried twice, on hosts with the guard and on hosts without: what cannot be
 * done without it either proves nothing.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forger, type Forgery } from "../lib/tunnel-forger";
import { change } from "../lib/changes";
import { Guests } from "../lib/guests";
import { NameServer } from "../lib/name-server";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { redChecks, within } from "../lib/wait";

const KVM1 = "192.168.10.156";
const KVM2 = "192.168.10.222";
const KVM3 = "192.168.10.30";
const BRIDGE1 = "10.1.2.10";
const ADDRESS = { kvm1: KVM1, kvm2: KVM2 };
/** On kvm1, in green. */
const GATEWAY = "10.0.30.1";
const HYPERVISOR = "192.168.10.1";
/** Behind the hypervisor, in the lab's namespace: an address for documentation (RFC 5737). */
const OUTSIDE = "203.0.113.9";
const NAME = "inside.vxlab.test";
const WEB = 8080;

/** Port security would stop some of the attacks before they reach the guard. */
const open = { portSecurity: false };
/** kvm3 is on the same underlay and is not a peer of these. */
const pair = { hosts: ["kvm1", "kvm2"], ...open };
const SEGMENTS = {
  red: { vni: 100, subnet: "10.0.3.0/24", ...open },
  green: { vni: 300, vlan: 30, subnet: "10.0.30.0/24", gateway: { host: "kvm1" }, ...pair },
  purple: { vni: 400, vlan: 40, subnet: "10.0.40.0/24", flooding: "multicast", ...pair },
  grey: { vni: 500, vlan: 50, subnet: "10.0.50.0/24", flooding: "flow", ...pair },
  navy: { vni: 700, vlan: 70, subnet: "10.0.70.0/24", encapsulation: "geneve", ...pair },
};
const CONTAINERS = {
  c1: { host: "kvm1", segment: "red", address: "10.0.3.10/24" },
  c2: { host: "kvm2", segment: "red", address: "10.0.3.11/24" },
  c3: { host: "kvm3", segment: "red", address: "10.0.3.12/24" },
  g1: { host: "kvm1", segment: "green", address: "10.0.30.10/24" },
  g2: { host: "kvm2", segment: "green", address: "10.0.30.11/24" },
  p1: { host: "kvm1", segment: "purple", address: "10.0.40.10/24" },
  p2: { host: "kvm2", segment: "purple", address: "10.0.40.11/24" },
  y1: { host: "kvm1", segment: "grey", address: "10.0.50.10/24" },
  y2: { host: "kvm2", segment: "grey", address: "10.0.50.11/24" },
  n1: { host: "kvm1", segment: "navy", address: "10.0.70.10/24" },
  n2: { host: "kvm2", segment: "navy", address: "10.0.70.11/24" },
};
/** A container on each of kvm1 and kvm2 in segments of which kvm3 is not a peer, by their flooding; by unicast with GENEVE as well. */
const VICTIMS = {
  unicast: { vni: SEGMENTS.green.vni, kvm1: "g1", kvm2: "g2" },
  multicast: { vni: SEGMENTS.purple.vni, port: 4790, kvm1: "p1", kvm2: "p2" },
  flow: { vni: SEGMENTS.grey.vni, kvm1: "y1", kvm2: "y2" },
  geneve: { vni: SEGMENTS.navy.vni, encapsulation: "geneve", kvm1: "n1", kvm2: "n2" },
} as const;
const each = (count: number) => ({ unicast: count, multicast: count, flow: count, geneve: count });
const settings = (guard3: boolean) => ({
  underlay: { mode: "nat" },
  hosts: {
    kvm1: { address: KVM1, bridgeAddress: `${BRIDGE1}/24` },
    kvm2: { address: KVM2 },
    kvm3: { address: KVM3, ...(guard3 ? {} : { guard: false }) },
  },
  segments: SEGMENTS,
  containers: CONTAINERS,
});

let project: Project;
let guests: Guests;
let names: NameServer;
let web: ChildProcess;
let forge: (attack: Forgery) => Promise<number>;

const TABLE = "nft list table inet vxlab_guard";
const DELETE = "nft delete table inet vxlab_guard";
/** What containers of a host hear of three frames that somebody forges for each of them. */
async function attack(from: Forgery["from"], to: "kvm1" | "kvm2"): Promise<Record<string, number>> {
  const tries = Object.entries(VICTIMS).map(async ([flooding, { [to]: victim, ...segment }]) => {
    const heard = await forge({ from, to: ADDRESS[to], ...segment, victim });
    return [flooding, heard] as const;
  });
  return Object.fromEntries(await Promise.all(tries));
}

/** As a step does it. */
const RESTORE = "/usr/lib/vxlab/guest apply bridge </var/lib/vxlab/desired/bridge-*.json";
const DRIFT = "/usr/lib/vxlab/guest drift";

/** What is done while hosts are without their guard; afterwards they have it again. */
async function unguarded<T>(hosts: readonly string[], what: () => Promise<T>): Promise<T> {
  for (const host of hosts) await guests.tell(host, DELETE);
  try {
    return await what();
  } finally {
    for (const host of hosts) await guests.tell(host, RESTORE);
  }
}

/** Of the bridge's own interface. */
const ipv6 = (off: number) => `echo ${off} >/proc/sys/net/ipv6/conf/vxbr/disable_ipv6`;
const linkLocal = async (host: string): Promise<string> => {
  const said = await guests.tell(host, "ip -o -6 address show dev vxbr scope link");
  return /inet6 (fe80::\S+)\//.exec(said)?.[1] ?? "none";
};

/** Those of the addresses at which a container sees a host's SSH. */
async function ssh(from: string, addresses: readonly string[]): Promise<string[]> {
  const ask = async (address: string) => {
    const look = `timeout 4 bash -c 'exec 3<>/dev/tcp/${address}/22 && head -c 4 <&3'`;
    const { stdout } = await guests.ask(guests.hostOf(from), guests.inside(from, look));
    return stdout === "SSH-" ? [address] : [];
  };
  return (await Promise.all(addresses.map(ask))).flat();
}

/** Of the web server, by its address. */
async function page(from: string, address: string): Promise<string> {
  const look = `timeout 4 bash -c 'exec 3<>/dev/tcp/${address}/${WEB} && cat <&3'`;
  return (await guests.ask(guests.hostOf(from), guests.inside(from, look))).stdout;
}

async function pings(from: string, address: string): Promise<boolean> {
  return (await guests.ping(from, `-c 2 -i 0.3 -W 3 ${address}`)).code === 0;
}

/** In a container's network for as long as something is done there. */
async function having<T>(container: string, add: string, remove: string, what: () => Promise<T>): Promise<T> {
  const inside = (words: string) => guests.inside(container, `sh -c '${words}'`);
  await guests.tell(guests.hostOf(container), inside(add));
  try {
    return await what();
  } finally {
    await guests.tell(guests.hostOf(container), inside(remove));
  }
}

beforeAll(async () => {
  project = await Project.create("guard");
  names = new NameServer(project);
  project.configure(settings(false));
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  await names.start({ [NAME]: HYPERVISOR });
  const { namespace } = project;
  good(await project.run("ip", ["-n", namespace, "address", "add", `${OUTSIDE}/32`, "dev", "lo"]));
  const serve = `require("net").createServer((one) => one.end("page")).listen(${WEB}, "0.0.0.0")`;
  web = spawn("ip", ["netns", "exec", namespace, process.execPath, "-e", serve], { stdio: "ignore" });
  guests = await Guests.of(project);
  forge = forger(guests);
});

afterAll(async () => {
  web?.kill();
  await guests?.close();
  await names?.close();
  await project?.destroy();
});

describe("a lab with the guard", () => {
  it("works: every check of verify is green, on hosts with it and without", async () => {
    expect(await redChecks(project)).toEqual([]);
    expect(guests.lab.hosts.map(({ guard }) => guard)).toEqual([true, true, false]);
    const tables = ["kvm1", "kvm2", "kvm3"].map(async (host) => (await guests.ask(host, TABLE)).code);
    expect(await Promise.all(tables)).toEqual([0, 0, 1]);
  });

  it("lets out by a gateway: to the outside, to name servers, and pings to the underlay", async () => {
    expect(await page("g2", OUTSIDE)).toBe("page");
    const name = guests.inside("g2", `busybox nslookup ${NAME} ${HYPERVISOR}`);
    expect(await guests.tell("kvm2", name)).toContain(`Address: ${HYPERVISOR}`);
    const targets = [HYPERVISOR, KVM1, KVM3, GATEWAY, OUTSIDE];
    expect(await Promise.all(targets.map((address) => pings("g2", address)))).toEqual(
      targets.map(() => true),
    );
  });

  it("lets the host be in the segment where the settings put it, and answers come back", async () => {
    const listen = guests.inside(
      "c1",
      "sh -c 'ip address add 10.1.2.99/24 dev eth0; echo here | timeout 20 nc -l -p 7'",
    );
    const served = guests.ask("kvm1", listen);
    const asked = async () =>
      (await guests.ask("kvm1", "nc -w 2 10.1.2.99 7 </dev/null")).stdout === "here\n";
    await within(15, "the container's server", asked);
    await served;
    await guests.tell("kvm1", guests.inside("c1", "ip address del 10.1.2.99/24 dev eth0"));
  });
});

describe("a forged packet of a tunnel", () => {
  it("does not leave by a gateway, into segments with any flooding", async () => {
    const far: Forgery = { from: "g2", to: KVM3, vni: SEGMENTS.red.vni, victim: "c3" };
    const attacks = () => Promise.all([forge(far), attack("g2", "kvm2")]);
    expect(await attacks()).toEqual([0, each(0)]);
    expect(await unguarded(["kvm1"], attacks)).toEqual([3, each(3)]);
  });

  it("does not come in by bridgeAddress, as a peer's, into segments with any flooding", async () => {
    const route = `ip route add ${KVM1}/32 via ${BRIDGE1} src ${KVM2}`;
    await having(
      "c1",
      `ip address add 10.1.2.99/24 dev eth0 && ip address add ${KVM2}/32 dev eth0 && ${route}`,
      `ip address del 10.1.2.99/24 dev eth0; ip address del ${KVM2}/32 dev eth0`,
      async () => {
        expect(await attack("c1", "kvm1")).toEqual(each(0));
        expect(await unguarded(["kvm1"], () => attack("c1", "kvm1"))).toEqual(each(3));
      },
    );
  });

  it("does not come in by a bridge without an address, which answers ARP for all of the host's", async () => {
    const attack: Forgery = { from: "c2", to: KVM2, vni: SEGMENTS.green.vni, victim: "g2" };
    await having(
      "c2",
      `ip address add ${KVM1}/32 dev eth0 && ip route add ${KVM2}/32 dev eth0 src ${KVM1}`,
      `ip route del ${KVM2}/32; ip address del ${KVM1}/32 dev eth0`,
      async () => {
        expect(await forge(attack)).toBe(0);
        expect(await unguarded(["kvm2"], () => forge(attack))).toBe(3);
      },
    );
  });

  it("does not come in by IPv6, over an underlay of IPv6", async () => {
    // Another lab on kvm1, in as many words as its step would be sent.
    const [own, peer] = ["fd00:10::1", "fd00:10::2"];
    const port = {
      ...{ id: "hand-six", lab: "hand", bridge: "vxbr", vni: 600, udpPort: 4789, local: own, vlan: 60 },
      ...{ flooding: "unicast", protected: true, group: null, ttl: null, mtu: 1430, stations: [] },
      remotes: [{ name: "vx600-hand", address: peer }],
    };
    await guests.tell("kvm1", `ip address add ${own}/64 dev eth0 nodad`);
    const guest = (verb: string) =>
      guests.tell("kvm1", `/usr/lib/vxlab/guest ${verb} port`, 60, JSON.stringify(port));
    await guest("apply");
    const ear = "ovs-vsctl add-port vxbr ear tag=60 -- set interface ear type=internal && ip link set ear up";
    await guests.tell("kvm1", ear);
    const attack: Forgery = { from: "c1", to: own, vni: port.vni, victim: { host: "kvm1", device: "ear" } };
    try {
      // Without a link-local address on the bridge there is no way at all.
      await guests.tell("kvm1", `${ipv6(0)}; sleep 2`);
      const via = await linkLocal("kvm1");
      await having(
        "c1",
        `ip -6 address add ${peer}/128 dev eth0 nodad && ip -6 route add ${own}/128 via ${via} dev eth0 src ${peer}`,
        `ip -6 route del ${own}/128; ip -6 address del ${peer}/128 dev eth0`,
        async () => {
          expect(await forge(attack), "with IPv6 on").toBe(0);
          expect(await unguarded(["kvm1"], () => forge(attack))).toBe(3);
        },
      );
    } finally {
      await guests.tell("kvm1", `ovs-vsctl del-port ear; ${ipv6(1)}; ip address del ${own}/64 dev eth0`);
      await guest("remove");
    }
  });

  it("is accepted from peers only, by their source address", async () => {
    expect(await attack({ host: "kvm3" }, "kvm1")).toEqual(each(0));
    // Tunnels of Open vSwitch name their remotes, and so do the flows. Linux' own device accepts every sender.
    const without = await unguarded(["kvm1"], () => attack({ host: "kvm3" }, "kvm1"));
    expect(without).toEqual({ ...each(0), multicast: 3 });
    expect(await attack({ host: "kvm2" }, "kvm1")).toEqual(each(3));
  });

  // The limit that docs/security.md states: RFC 7348 section 7.
  it("passes from any machine on the underlay that forges a peer's address", async () => {
    const chain = "type nat hook postrouting priority srcnat";
    await guests.tell(
      "kvm3",
      `nft 'table ip spoof { chain c { ${chain}; udp dport { 4789, 4790, 6081 } snat to ${KVM2}; }; }'`,
    );
    try {
      expect(await attack({ host: "kvm3" }, "kvm1")).toEqual(each(3));
    } finally {
      await guests.tell("kvm3", "nft delete table ip spoof");
    }
  });
});

describe("a host's SSH", () => {
  it("does not answer a segment, by any address", async () => {
    await having(
      "c1",
      `ip address add 10.1.2.99/24 dev eth0 && ip route add ${KVM1}/32 via ${BRIDGE1}`,
      "ip address del 10.1.2.99/24 dev eth0",
      async () => {
        const addresses = [BRIDGE1, KVM1];
        expect(await ssh("c1", addresses)).toEqual([]);
        expect(await unguarded(["kvm1"], () => ssh("c1", addresses))).toEqual(addresses);
      },
    );
    const byGateway = [GATEWAY, KVM1, KVM2, KVM3];
    const tries = () => Promise.all([ssh("g2", byGateway), page("g2", HYPERVISOR)]);
    expect(await tries()).toEqual([[], ""]);
    expect(await unguarded(["kvm1"], tries)).toEqual([byGateway, "page"]);
  });

  it("does not answer by IPv6: the bridge has no address of it, on hosts without the guard neither", async () => {
    for (const host of ["kvm1", "kvm2", "kvm3"])
      expect(await guests.tell(host, "ip -o -6 address show dev vxbr")).toBe("");
    const on = ["kvm1", "kvm3"];
    for (const host of on) await guests.tell(host, ipv6(0));
    try {
      await guests.tell("kvm1", "sleep 2");
      const [one = "", three = ""] = (await Promise.all(on.map(linkLocal))).map((at) => `${at}%eth0`);
      // Of its own host and, over the tunnel, of another.
      expect(await ssh("c1", [one, three]), "kvm3 has no guard").toEqual([three]);
      expect(await unguarded(["kvm1"], () => ssh("c1", [one]))).toEqual([one]);
    } finally {
      for (const host of on) await guests.tell(host, ipv6(1));
    }
  });
});

describe("somebody who changes the table", () => {
  it.each([
    ["deletes it", DELETE, /is missing/],
    ["flushes everything", "nft flush ruleset", /is missing/],
    ["adds a rule", "nft insert rule inet vxlab_guard inside accept", /is not as it was loaded/],
  ])("is named when he %s, and the next step mends it", async (_, harm, said) => {
    const rules = await guests.tell("kvm2", `${TABLE} | sed 's/counter packets .* bytes [0-9]*/counter/'`);
    await guests.tell("kvm2", harm);
    expect(await guests.tell("kvm2", DRIFT)).toMatch(said);
    await guests.tell("kvm2", RESTORE);
    expect(await guests.tell("kvm2", DRIFT)).toBe("");
    expect(await guests.tell("kvm2", `${TABLE} | sed 's/counter packets .* bytes [0-9]*/counter/'`)).toBe(
      rules,
    );
  });
});

describe("a host's guard", () => {
  it("is there after a reboot without the guest tools, and so before the first tunnel", async () => {
    const boot = () => guests.ask("kvm2", "cat /proc/sys/kernel/random/boot_id", 15);
    const { stdout: before } = await boot();
    // What applies the stored state once Open vSwitch is up does nothing this time.
    await guests.tell("kvm2", "mv /usr/lib/vxlab/guest /usr/lib/vxlab/away");
    await guests.ask("kvm2", "sync; reboot", 15);
    await guests.hangUp("kvm2");
    await within(240, "another boot", async () => {
      const { code, stdout } = await boot();
      return code === 0 && stdout !== before;
    });
    await within(
      60,
      "Open vSwitch",
      async () => (await guests.ask("kvm2", "test -e /run/openvswitch/ready")).code === 0,
    );
    expect(await guests.tell("kvm2", "ovs-vsctl list-ports vxbr | grep -c ^vx100")).toBe("2");
    expect((await guests.ask("kvm2", TABLE)).code).toBe(0);
    await guests.tell("kvm2", "mv /usr/lib/vxlab/away /usr/lib/vxlab/guest; /usr/lib/vxlab/guest boot", 120);
    expect(await guests.tell("kvm2", DRIFT)).toBe("");
    expect(await pings("c2", "10.0.3.10")).toBe(true);
  });

  it("comes by one word of the settings, to a host that had none, and restarts nothing", async () => {
    const before = await guests.facts("kvm3");
    project.configure(settings(true));
    const { code, steps, stdout } = await change(project, ["up"]);
    expect(code, stdout).toBe(0);
    expect(steps).toEqual(["lab", "lab-kvm3-vxbr", "lab-kvm3-vxbr-step"].map((name) => `update ${name}`));
    expect(await guests.facts("kvm3")).toEqual(before);
    // At which it did answer before, see above.
    await guests.tell("kvm3", `${ipv6(0)}; sleep 2`);
    const open = await ssh("c1", [`${await linkLocal("kvm3")}%eth0`]);
    await guests.tell("kvm3", ipv6(1));
    expect(open).toEqual([]);
    expect(await guests.tell("kvm3", DRIFT)).toBe("");
    expect([await pings("c3", "10.0.3.10"), await pings("c2", "10.0.3.12")]).toEqual([true, true]);
  });

  it("goes with the lab", async () => {
    const { id } = guests.lab;
    await guests.close();
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [id])).toEqual([]);
  });
});
