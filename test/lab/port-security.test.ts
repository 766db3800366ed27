/**
 * What a container may send, on two real machines: each attack from its host and from the other, from a container as it is by
 * default, and from one with `portSecurity: false`, which shows that the attack works where nothing is in its way.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linkLocal } from "../../components/port-security/plan";
import { capture } from "../lib/capture";
import { change } from "../lib/changes";
import { forging, hearing, mark, send } from "../lib/forge";
import * as frames from "../lib/frames";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { within } from "../lib/wait";

const HOSTS = { kvm1: { address: "192.168.10.156" }, kvm2: { address: "192.168.10.222" } };
const SEGMENTS = {
  red: { vni: 100, subnet: "10.0.3.0/24", subnet6: "fd00:3::/64" },
  blue: { vni: 200, vlan: 20, subnet: "10.0.20.0/24", dhcp: { host: "kvm1" } },
  green: { vni: 300, vlan: 30, subnet: "10.0.30.0/24" },
};
const red = (n: number) => ({ segment: "red", address: `10.0.3.${n}/24`, address6: `fd00:3::${n}/64` });
const blue = (n: number) => ({ segment: "blue", address: `10.0.20.${n}/24` });
const green = (n: number) => ({ segment: "green", address: `10.0.30.${n}/24` });
/** Sends from an address that is not its own from its first moment on, ten times a second, and is never answered. */
const STORM = "10.0.3.98";
const storm = [
  ...["/bin/sh", "-c"],
  `while :; do ip address add ${STORM}/24 dev eth0; ping -I ${STORM} -i 0.1 10.0.3.255; sleep 1; done >/dev/null 2>&1`,
];
const CONTAINERS = {
  victim: { host: "kvm1", interfaces: [red(10), blue(10), green(10)] },
  other: { host: "kvm2", ...red(11) },
  near: { host: "kvm1", ...red(21) },
  far: { host: "kvm2", ...red(22) },
  "near-open": { host: "kvm1", ...red(31), portSecurity: false },
  "far-open": { host: "kvm2", ...red(32), portSecurity: false },
  storm: { host: "kvm1", ...red(40), command: storm },
  lent: { host: "kvm2", segment: "blue", address: "dhcp" },
  trunk: { host: "kvm2", interfaces: [{ trunk: ["blue", "green"] }] },
};
type Name = keyof typeof CONTAINERS;
const CLOSED: Name[] = ["near", "far"];
const OPEN: Name[] = ["near-open", "far-open"];

let project: Project;
let guests: Guests;

async function up(more: object = {}): Promise<string[]> {
  project.configure({ hosts: HOSTS, segments: SEGMENTS, containers: { ...CONTAINERS, ...more } });
  const done = await change(project, ["up"], { timeout: 600 });
  good(done);
  return done.steps;
}

const nicOf = (name: Name, number = 0) => {
  const nic = guests.lab.containers.find((box) => box.name === name)?.interfaces[number];
  if (nic === undefined) throw new Error(`no interface ${number} of ${name}`);
  return nic;
};
const bare = (address = "") => address.split("/")[0] ?? "";

interface Sender {
  mac: string;
  ip: string;
  ip6: string;
  local: string;
}
const senderOf = (name: Name): Sender => {
  const { mac, addresses } = nicOf(name);
  return { mac, ip: bare(addresses[0]), ip6: bare(addresses[1]), local: linkLocal(mac) };
};

const [IPV4, ARP, IPV6, UDP, ICMP] = [0x0800, 0x0806, 0x86dd, 17, 1];
const NODES = "ff02::1";

type Made = Record<string, Buffer>;

/** What is its own, and has to arrive. */
function own({ mac, ip, ip6, local }: Sender): Made {
  const to4 = (type: number, payload: Buffer) => frames.ethernet(frames.ALL, mac, type, payload);
  const to6 = (payload: Buffer) => frames.ethernet(frames.ALL_NODES, mac, IPV6, payload);
  const nd = (from: string, type: number, body: Buffer) => to6(frames.icmp6(from, NODES, type, body));
  return {
    ARP: to4(ARP, frames.arp(1, [mac, ip], [frames.ALL, "10.0.3.10"])),
    "an ARP probe": to4(ARP, frames.arp(1, [mac, "0.0.0.0"], [frames.ALL, ip])),
    IPv4: to4(IPV4, frames.ipv4(ip, "10.0.3.255", ICMP, frames.echo(8))),
    IPv6: to6(frames.ipv6(ip6, NODES, UDP, frames.udp(9, 9, Buffer.alloc(2)))),
    "link-local IPv6": to6(frames.ipv6(local, NODES, UDP, frames.udp(9, 9, Buffer.alloc(2)))),
    "an advertisement": nd(ip6, 136, frames.neighbour(ip6, [2, mac])),
    "a solicitation": nd(local, 135, frames.neighbour("fd00:3::10", [1, mac])),
    "a question whether its address is free": nd("::", 135, frames.neighbour(ip6)),
  };
}

/** What is another's, or a server's or router's. */
function forged({ mac, ip, ip6, local }: Sender): Made {
  const { mac: theirs, ip: their, ip6: their6 } = senderOf("other");
  const to4 = (type: number, payload: Buffer, from = mac) => frames.ethernet(frames.ALL, from, type, payload);
  const to6 = (payload: Buffer, from = mac) => frames.ethernet(frames.ALL_NODES, from, IPV6, payload);
  const nd = (from: string, type: number, body: Buffer) => to6(frames.icmp6(from, NODES, type, body));
  const offer = (port: number, fragment = false) =>
    to4(IPV4, frames.ipv4(ip, "255.255.255.255", UDP, frames.udp(port, 68, frames.dhcpOffer()), fragment));
  return {
    "another's MAC": to4(IPV4, frames.ipv4(ip, "10.0.3.255", ICMP, frames.echo(8)), theirs),
    "another's MAC, with IPv6": to6(frames.ipv6(ip6, NODES, UDP, frames.udp(9, 9, Buffer.alloc(2))), theirs),
    "another's IPv4": to4(IPV4, frames.ipv4(their, "10.0.3.255", ICMP, frames.echo(8))),
    "another's IPv6": to6(frames.ipv6(their6, NODES, UDP, frames.udp(9, 9, Buffer.alloc(2)))),
    "ARP with another's address": to4(ARP, frames.arp(2, [mac, their], [frames.ALL, "10.0.3.10"])),
    "ARP with another's MAC inside": to4(ARP, frames.arp(2, [theirs, ip], [frames.ALL, "10.0.3.10"])),
    "another's advertisement": nd(local, 136, frames.neighbour(their6, [2, mac])),
    "an advertisement in another's name": nd(their6, 136, frames.neighbour(ip6, [2, mac])),
    "another's solicitation": nd(their6, 135, frames.neighbour("fd00:3::10", [1, mac])),
    "a question whether another's address is free": nd("::", 135, frames.neighbour(their6)),
    "a router advertisement": nd(local, 134, frames.routerAdvertisement),
    "a router advertisement behind options": to6(
      frames.icmp6(local, NODES, 134, frames.routerAdvertisement, frames.OPTIONS),
    ),
    "a router advertisement in fragments": to6(
      frames.icmp6(local, NODES, 134, frames.routerAdvertisement, frames.FRAGMENT),
    ),
    "a redirect": nd(local, 137, frames.redirect(local, "fd00:3::99")),
    "a DHCP offer": offer(67),
    "a DHCP offer from another port": offer(1067),
    "a DHCP offer in fragments": offer(67, true),
    "a DHCPv6 answer": to6(frames.ipv6(local, NODES, UDP, frames.udp(547, 546, Buffer.alloc(4)))),
    "another protocol": to4(0x88b5, Buffer.alloc(46)),
  };
}

/** Which of the frames that each sender sends are heard by the victim, by their names. */
async function heard(
  senders: readonly Name[],
  made: (sender: Sender) => Made,
  nic = "eth0",
): Promise<Record<string, string[]>> {
  const names = new Map<string, [string, string]>();
  const end = await hearing(guests, "victim", nic);
  for (const name of senders) {
    const marked = Object.entries(made(senderOf(name))).map(([what, frame]) => {
      const text = mark();
      names.set(text, [name, what]);
      return Buffer.concat([frame, Buffer.from(text)]);
    });
    await send(guests, name, marked);
  }
  const seen: Record<string, string[]> = Object.fromEntries(senders.map((name) => [name, []]));
  for (const text of await end()) {
    const [name, what] = names.get(text) ?? [];
    if (name !== undefined && what !== undefined) seen[name]?.push(what);
  }
  return Object.fromEntries(Object.entries(seen).map(([name, what]) => [name, what.sort()]));
}

const all = (made: (sender: Sender) => Made, senders: readonly Name[]) =>
  Object.fromEntries(senders.map((name) => [name, Object.keys(made(senderOf(name))).sort()]));
const none = (senders: readonly Name[]) => Object.fromEntries(senders.map((name) => [name, []]));

const inside = (name: Name, words: string) => guests.tell(guests.hostOf(name), guests.inside(name, words));
const reaches = async (from: Name, to: string, options = "") =>
  (await guests.ping(from, `-c 3 -i 0.3 -W 3 ${options} ${to}`)).code === 0;

beforeAll(async () => {
  project = await Project.create("port-security");
  project.configure({ hosts: HOSTS, segments: SEGMENTS, containers: CONTAINERS });
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  guests = await Guests.of(project);
  await forging(guests, [...CLOSED, ...OPEN, "trunk"]);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe("a container's own", () => {
  it("pings pass, of both families, and a second up changes nothing", async () => {
    const pairs: [Name, string][] = [
      ["victim", "10.0.3.11"],
      ["other", "fd00:3::10"],
      ["near", "10.0.3.22"],
      ["far", "fd00:3::21"],
      ["far-open", "10.0.3.21"],
    ];
    for (const [from, to] of pairs) await within(60, `${from} to ${to}`, () => reaches(from, to));
    expect(await up()).toEqual([]);
  });

  it("frames arrive, from the same host and from another", async () => {
    expect(await heard(CLOSED, own)).toEqual(all(own, CLOSED));
  });

  it("DHCP client gets a lease, keeps it over a renewal, and takes no other address", async () => {
    const address = async () =>
      /inet (10\.0\.20\.\d+)\//.exec(await inside("lent", "ip -4 address show dev eth0"))?.[1];
    await within(60, "a lease", async () => (await address()) !== undefined);
    const lease = await address();
    const server = await capture(guests, "kvm1", "tcpdump -i gw-blue -nn -l -v udp port 67");
    await guests.tell("kvm2", "kill -USR1 $(pgrep -f '[u]dhcpc -f -i eth0')");
    await within(20, "a renewal", async () => reaches("lent", "10.0.20.1"));
    expect(await address()).toBe(lease);
    expect(await server()).toMatch(/DHCP-Message \(53\), length 1: ACK/);
    await inside("lent", "ip address add 10.0.20.99/24 dev eth0");
    expect([await reaches("lent", "10.0.20.1", "-I 10.0.20.99"), await reaches("lent", "10.0.20.1")]).toEqual(
      [false, true],
    );
    await inside("lent", "ip address del 10.0.20.99/24 dev eth0");
  });

  it("trunk reaches both its VLANs, and sends nothing into them that is not its own", async () => {
    expect([await reaches("trunk", "10.0.20.10"), await reaches("trunk", "10.0.30.10")]).toEqual([
      true,
      true,
    ]);
    const { mac, trunk } = nicOf("trunk");
    const [own20, own30] = trunk.map(({ addresses }) => bare(addresses[0]));
    const arp = (vlan: number, ip = "") =>
      frames.ethernet(frames.ALL, mac, ARP, frames.arp(1, [mac, ip], [frames.ALL, "10.0.20.1"]), vlan);
    const end = await hearing(guests, "victim", "eth1");
    const marks = [mark(), mark(), mark()];
    const sent = [arp(20, own20), arp(20, "10.0.20.10"), arp(20, own30)];
    await send(
      guests,
      "trunk",
      sent.map((frame, index) => Buffer.concat([frame, Buffer.from(marks[index] ?? "")])),
    );
    expect(await end()).toEqual([marks[0]]);
  });
});

describe("what is not its own", () => {
  it("does not arrive, from the same host or from another", async () => {
    expect(await heard(CLOSED, forged)).toEqual(none(CLOSED));
  });

  it("arrives, all of it, from containers without port security", async () => {
    expect(await heard(OPEN, forged)).toEqual(all(forged, OPEN));
    expect(await heard(OPEN, own)).toEqual(all(own, OPEN));
  });

  /** Who of the two gets the packets to the victim's address, when the thief has taken its address and its MAC. */
  async function stolen(thief: Name): Promise<number> {
    const [was, its] = [senderOf(thief), senderOf("victim")];
    const take = (mac: string, ip: string) =>
      guests.tell(
        guests.hostOf(thief),
        [
          "link set eth0 down",
          `link set eth0 address ${mac}`,
          "link set eth0 up",
          "address flush dev eth0",
          `address add ${ip}/24 dev eth0`,
        ]
          .map((words) => guests.inside(thief, `ip ${words}`))
          .join(" && "),
      );
    await take(its.mac, its.ip);
    const end = await capture(
      guests,
      guests.hostOf(thief),
      guests.inside(thief, "tcpdump -Q in -i eth0 -nn -l icmp"),
    );
    // All the while, not once before: a single word of the victim (it defends its IPv6 address, say) takes the MAC back.
    await Promise.all([
      guests.ask(guests.hostOf(thief), guests.inside(thief, `ping -n -c 25 -i 0.2 -W 1 10.0.3.11`)),
      guests.ping("other", `-c 12 -i 0.3 -W 1 ${its.ip}`),
    ]);
    const got = (await end()).split(`10.0.3.11 > ${its.ip}: ICMP echo request`).length - 1;
    await take(was.mac, was.ip);
    await within(20, "the victim's own traffic", () => reaches("victim", "10.0.3.11"));
    return got;
  }

  it("is no way to another's traffic", async () => {
    expect(await stolen("far")).toBe(0);
    expect(await reaches("other", "10.0.3.10")).toBe(true);
    expect(await stolen("far-open")).toBeGreaterThan(0);
  });
});

describe("a container that attacks all the time", () => {
  const drops = async () => {
    const flows = await guests.tell("kvm1", "ovs-ofctl --names dump-flows vxbr in_port=v-storm");
    return Number(/n_packets=(\d+),[^\n]*priority=100,in_port=\S+ actions=drop/.exec(flows)?.[1]);
  };
  const storms = async (container: Name, seconds = 300) => {
    const words = guests.inside(container, `tcpdump -Q in -i eth0 -nn -l src host ${STORM}`);
    const end = await capture(guests, guests.hostOf(container), words, seconds);
    return async () => (await end()).split("\n").filter((line) => line.includes(STORM)).length;
  };
  const attacks = (what: string) => within(120, what, async () => (await drops()) > 20);
  const box = "/var/lib/vxlab/containers";

  it("is heard by nobody, over a start of its own, SIGKILL of ovs-vswitchd, and a reboot", async () => {
    const far = await storms("other");
    const near = await storms("victim");
    await attacks("attacks");
    await guests.tell(
      "kvm1",
      `lxc-stop -P ${box} -n storm -k; ! ovs-ofctl --names dump-flows vxbr | grep v-storm; /usr/lib/vxlab/guest boot`,
      180,
    );
    await attacks("attacks after its start");
    await guests.tell("kvm1", "kill -9 $(cat /run/openvswitch/ovs-vswitchd.pid); sleep 6");
    await attacks("attacks after SIGKILL of ovs-vswitchd");
    await within(30, "the others", () => reaches("victim", "10.0.3.11"));
    expect(await near()).toBe(0);
    const boot = () => guests.ask("kvm1", "cat /proc/sys/kernel/random/boot_id", 15);
    const { stdout: before } = await boot();
    await guests.ask("kvm1", "reboot", 15);
    await guests.hangUp("kvm1");
    await within(240, "another boot", async () => {
      const { code, stdout } = await boot();
      return code === 0 && stdout !== before;
    });
    await within(240, "the others", () => reaches("victim", "10.0.3.11"));
    await attacks("attacks after the reboot");
    expect(await far()).toBe(0);
  });

  it("is heard by all without port security, which is one word and no restart", async () => {
    const { pids } = await guests.facts("kvm1");
    const steps = await up({ storm: { ...CONTAINERS.storm, portSecurity: false } });
    expect(steps.filter((step) => step.endsWith("-step"))).toEqual(["update lab-storm-step"]);
    const [far, near] = [await storms("other"), await storms("victim")];
    expect(Math.min(await far(), await near())).toBeGreaterThan(5);
    await up();
    const [later, nearer] = [await storms("other"), await storms("victim")];
    expect([await later(), await nearer()]).toEqual([0, 0]);
    expect((await guests.facts("kvm1")).pids).toEqual(pids);
  });
});

describe("flows that somebody changed", () => {
  const drift = async (): Promise<string[]> => {
    const said = await guests.tell("kvm2", "/usr/lib/vxlab/guest drift");
    const lines = said.split("\n").filter(Boolean);
    return lines.map((line) => (JSON.parse(line) as { found: string }).found);
  };

  it("are named, and come back", async () => {
    expect(await drift()).toEqual([]);
    await guests.tell(
      "kvm2",
      "ovs-ofctl del-flows vxbr in_port=v-far,arp,arp_op=1 && ovs-ofctl add-flow vxbr priority=300,in_port=LOCAL,actions=drop " +
        "&& ovs-ofctl --strict mod-flows vxbr priority=0,actions=drop",
    );
    const lines = await drift();
    expect(lines).toHaveLength(3);
    for (const line of [
      /^bridge vxbr: flow is not part of the lab: priority=300,in_port=LOCAL actions=drop$/,
      /^bridge vxbr: flow is missing: priority=150,arp,in_port="v-far",.*arp_op=1/,
      /^bridge vxbr: flow was changed: priority=0 actions=drop instead of priority=0 .*actions=NORMAL$/,
    ])
      expect(lines).toContainEqual(expect.stringMatching(line));
    await guests.tell(
      "kvm2",
      "ovs-ofctl del-flows --strict vxbr priority=300,in_port=LOCAL; /usr/lib/vxlab/guest flows",
    );
    expect(await drift()).toEqual([]);
  });
});
