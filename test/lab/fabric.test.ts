/**
 * A fabric on three real machines: three segments, each flooding in its own way, containers on one of them, on two, on a
 * trunk and with DHCP; then one word of the settings at a time. More words: test/long/fabric.test.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_GROUPS } from "../../components/segment/ways/multicast";
import { vethName } from "../../plan/names";
import { broadcasts } from "../lib/broadcasts";
import { capture, keepPinging } from "../lib/capture";
import { change } from "../lib/changes";
import { askedByAll } from "../lib/evpn-lab";
import {
  BLUE,
  CONTAINERS,
  ENDS,
  fabricOf,
  FORGERS,
  GREEN,
  HOSTS,
  RED,
  RED_ENDS,
  red,
} from "../lib/fabric-lab";
import { moreGroups } from "../lib/groups";
import { Guests } from "../lib/guests";
import { intruder } from "../lib/intruder";
import { leaveAsLevel1, leaveAsLevel2, migrates } from "../lib/older-host";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { redChecks, within } from "../lib/wait";
import { evpn, NOTHING_LEFT } from "./fabric/evpn";

let project: Project;
let guests: Guests;
let labId: string;

/** `pulumi up` with other settings of red; what it did, step by step. */
async function up(segment: object = {}, more: object = {}): Promise<string[]> {
  project.configure({
    hosts: HOSTS,
    segments: { red: { ...RED, ...segment }, blue: BLUE, green: GREEN },
    containers: { ...CONTAINERS, ...more },
  });
  const done = await change(project, ["up"], { timeout: 900 });
  good(done);
  return done.steps;
}

const steps = (...names: string[]) => names.map((name) => `update ${name}`).sort();
const redPorts = steps(
  ...["kvm1", "kvm2", "kvm3"].flatMap((host) => [`lab-${host}-red`, `lab-${host}-red-step`]),
);

const { reaches, broadcastsStay, unreached, redWorks } = fabricOf(() => guests);

/** Blue and green: DHCP, NAT, the trunk, the container on two segments. */
const othersWork = (): Promise<string[]> =>
  unreached([
    ["lent", "10.0.20.1"],
    ["lent", "192.168.10.1"],
    ["both", "10.0.20.1"],
    ["both", "10.0.30.8"],
    ["two", "10.0.3.12"],
  ]);

/** Frames of a new conversation on kvm1's underlay, as tcpdump names them. */
async function newConversation(from: string, to: string): Promise<string[]> {
  const host = guests.hostOf(from);
  // Who still knows the other asks whether it is there, and is known by that.
  const forget = () => Promise.all(["c1", "c2", "c3", "two"].map((name) => guests.forgetNeighbours(name)));
  await forget();
  // -T: whatever the UDP port is. A multicast segment has one of its own. -e: whom a frame inside is for.
  const wire = await capture(guests, host, "tcpdump -i eth0 -nn -e -U -T vxlan udp and not port 53");
  await forget();
  expect(await reaches(from, to)).toBe(true);
  return (await wire()).split("\n");
}

/** A question to all. An old neighbour is asked by itself whether it is there still. */
const isQuestion = (line: string, address: string) =>
  line.includes("> ff:ff:ff:ff:ff:ff, ") && line.includes(`who-has ${address} `);
const asked = (lines: string[], address: string) => lines.filter((line) => isQuestion(line, address)).length;

/**
 * In how many copies one question goes out. A container repeats it after a second when the answer is late. tcpdump says
 * the time of a frame in the line before what is in it.
 */
function copies(lines: string[], address: string): number {
  const times = lines.flatMap((line, index) => {
    if (!isQuestion(line, address)) return [];
    const [hours = NaN, minutes = NaN, seconds = NaN] =
      (lines[index - 1] ?? "").split(" ", 1)[0]?.split(":").map(Number) ?? [];
    return [hours * 3600 + minutes * 60 + seconds];
  });
  expect(times).not.toContain(NaN);
  return Math.max(0, ...times.map((time) => times.filter((other) => Math.abs(other - time) < 0.5).length));
}

/** How many packets of strangers kvm1 has dropped in red. */
async function strangers(): Promise<number> {
  const flows = await guests.tell("kvm1", "ovs-ofctl dump-flows bf100");
  return Number(/n_packets=(\d+),.*priority=100,in_port=\S+ actions=drop/.exec(flows)?.[1]);
}

beforeAll(async () => {
  project = await Project.create("fabric");
  project.configure({
    hosts: HOSTS,
    segments: { red: RED, blue: BLUE, green: GREEN },
    containers: CONTAINERS,
  });
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  guests = await Guests.of(project);
  labId = guests.lab.id;
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe("three segments on three machines", () => {
  it("work: unicast with IPv4 and IPv6", async () => {
    expect(await redWorks()).toEqual([]);
    const { questions } = await askedByAll(guests);
    expect(questions.length, "the control of EVPN").toBeGreaterThanOrEqual(3);
  });

  it("work: an address by DHCP with its MTU, NAT to the underlay, a trunk, two segments", async () => {
    const eth0 = () => guests.tell("kvm3", guests.inside("lent", "ip -4 address show dev eth0"));
    await within(60, "a lease", async () => /inet 10\.0\.20\./.test(await eth0()));
    expect(await eth0()).toContain("mtu 1400");
    expect(await othersWork()).toEqual([]);
  });

  it("work: the DHCP server says the MTU (option 26), and the client takes it over", async () => {
    const eth0 = guests.inside("lent", "ip link show dev eth0");
    // Its step set the same MTU: only another one shows whose word counts.
    await guests.tell("kvm3", guests.inside("lent", "ip link set dev eth0 mtu 1300"));
    expect(await guests.tell("kvm3", eth0)).toContain("mtu 1300");
    const dhcp = await capture(
      guests,
      "kvm3",
      guests.inside("lent", "tcpdump -i eth0 -nn -v -l udp port 67"),
    );
    await guests.tell("kvm3", "kill -USR1 $(pgrep -f '[u]dhcpc -f -i eth0')");
    await within(20, "the MTU of the lease", async () =>
      (await guests.tell("kvm3", eth0)).includes("mtu 1400"),
    );
    const answer = (await dhcp()).split("BOOTP/DHCP, Reply")[1];
    expect(answer).toMatch(/MTU \(26\), length 2: 1400$/m);
  });

  it("are apart: each broadcast is heard once by its own segment, and by nobody of another", async () => {
    await broadcastsStay(ENDS, FORGERS);
    // lent has a way out, which must be none into the other segments of the gateway's host.
    const others = ["10.0.3.10", "10.0.30.8"];
    expect(await Promise.all(others.map((other) => reaches("lent", other)))).toEqual([false, false]);
  });

  it("are apart by their ports' tags: without these forged frames are heard", async () => {
    const [c1, both] = [vethName("c1"), vethName("both")];
    try {
      await guests.tell("kvm1", `ovs-vsctl clear port ${c1} tag`);
      await guests.tell("kvm2", `ovs-vsctl clear port ${both} trunks`);
      const heard = await broadcasts(guests, ENDS, FORGERS);
      expect(heard["two eth0"]).toHaveProperty(["c1 eth0.30"], [1, 2, 3]);
      expect(heard["both eth0"]).toHaveProperty(["c1 eth0.30, VLAN 30"], [1, 2, 3]);
      expect(heard["c2 eth0"]).toHaveProperty(["both eth0"], [1, 2, 3]);
    } finally {
      await guests.tell("kvm1", `ovs-vsctl set port ${c1} tag=0`);
      await guests.tell("kvm2", `ovs-vsctl set port ${both} trunks=20,30`);
    }
  });

  it("are as they are asked for: every check of verify is green, a second up changes nothing", async () => {
    expect(await redChecks(project)).toEqual([]);
    expect(await up()).toEqual([]);
  });
});

describe("red with static forwarding, by one word", () => {
  it("changes the three ports, restarts nothing, and works", async () => {
    const before = await guests.facts("kvm1");
    const pings = await keepPinging(guests, "c1", "10.0.3.11");
    const did = await up({ flooding: "flow" });
    const { lost, sent } = await pings.end();
    expect(sent).toBeGreaterThan(20);
    // Both ways of flooding understand each other, so that it matters little that hosts change one after the other.
    expect(lost.length * 0.2).toBeLessThanOrEqual(5);
    expect(did.filter((step) => step.endsWith("-step"))).toEqual(
      redPorts.filter((step) => step.endsWith("-step")),
    );
    expect((await guests.facts("kvm1")).pids).toEqual(before.pids);
    expect(await redWorks()).toEqual([]);
  });

  it("asks nobody for whom the plan knows", async () => {
    const known = await newConversation("c1", "10.0.3.11");
    expect(asked(known, "10.0.3.11")).toBe(0);
    expect(known.filter((line) => line.includes("ICMP echo request")).length).toBe(3);
  });

  it("tells each broadcast once", () => broadcastsStay(RED_ENDS));

  it("drops what a stranger sends, and takes the same from a peer: by flows where the host guard has not done it", async () => {
    const stranger = "192.168.10.77";
    await guests.tell("kvm1", "nft delete table inet vxlab_guard");
    const before = await strangers();
    const [wire, inside] = await Promise.all([
      capture(guests, "kvm1", "tcpdump -i eth0 -nn -l -T vxlan udp dst port 4789"),
      capture(guests, "kvm1", guests.inside("c1", "tcpdump -i eth0 -nn -l host 10.0.3.66 or host 10.0.3.77")),
    ]);
    const answers = await guests.tell("kvm3", intruder(HOSTS.kvm3.address, stranger));
    const [arrived, seen] = await Promise.all([wire(), inside()]);
    const heard = (from: string, text: string) =>
      text.split(`${from} > 10.0.3.255: ICMP echo request`).length - 1;
    expect(
      [heard("10.0.3.66", seen), heard("10.0.3.77", arrived)],
      "the peer at c1, the other at kvm1",
    ).toEqual([3, 3]);
    expect(arrived).toContain(`IP ${stranger}.`);
    expect(seen).not.toContain("10.0.3.77");
    expect(answers.match(/1 packets transmitted, \d received/g)?.map((line) => line.split(", ")[1])).toEqual([
      "1 received",
      "0 received",
    ]);
    // Three broadcasts and what is for c1 alone.
    const dropped = await strangers();
    expect(dropped - before).toBeGreaterThanOrEqual(4);
    await guests.tell("kvm1", "nft -f /var/lib/vxlab/guard.nft");
    expect(await guests.tell("kvm3", intruder(HOSTS.kvm3.address, stranger))).toContain(" 1 received");
    expect(await strangers(), "with the guard none comes that far").toBe(dropped);
  });

  it("survives SIGKILL of ovs-vswitchd: at most 5 s without answer", async () => {
    const pings = await keepPinging(guests, "c1", "10.0.3.11");
    await guests.tell("kvm1", "sleep 1; kill -9 $(cat /run/openvswitch/ovs-vswitchd.pid); sleep 7");
    const { lost, sent } = await pings.end();
    expect(sent).toBeGreaterThan(30);
    expect(lost.length * 0.2).toBeLessThanOrEqual(5);
    const flows = "ovs-ofctl dump-flows bf100 | grep -c tun_src=";
    await within(30, "its flows", async () => (await guests.ask("kvm1", flows)).stdout.trim() === "2");
  });
});

describe("red by multicast, by one word", () => {
  it("works, and asks the group with one copy", async () => {
    await up({ flooding: "multicast" });
    expect(await redWorks()).toEqual([]);
    const lines = await newConversation("c1", "10.0.3.11");
    expect(copies(lines, "10.0.3.11"), lines.join("\n")).toBe(1);
    expect(await guests.tell("kvm1", "ovs-vsctl list-br")).not.toContain("bf100");
  });

  it("tells each broadcast once, to its own segment, beside another such", () => broadcastsStay());

  it("leaves room for more groups than the kernel's 20, which has been raised", async () => {
    const limit = "/proc/sys/net/ipv4/igmp_max_memberships";
    expect(await guests.tell("kvm1", `cat ${limit}`)).toBe(`${MAX_GROUPS}`);
    expect(await moreGroups(guests, "kvm1", 24)).toBe(24);
    try {
      await guests.tell("kvm1", `echo 20 >${limit}`);
      // Red and green have two.
      expect(await moreGroups(guests, "kvm1", 24)).toBe(18);
    } finally {
      await guests.tell("kvm1", `echo ${MAX_GROUPS} >${limit}`);
    }
  });
});

evpn({ project: () => project, guests: () => guests, up, redWorks });

describe("GENEVE, with a hub", () => {
  it("has one tunnel on a spoke, carries red, and tells each broadcast once, from spoke to spoke too", async () => {
    await up({ encapsulation: "geneve", hub: "kvm1" });
    expect(await redWorks()).toEqual([]);
    for (const host of Object.keys(HOSTS))
      expect(await guests.tell(host, NOTHING_LEFT), "of EVPN").toBe("end");
    expect(await guests.tell("kvm2", "ovs-vsctl list-ports vxbr | grep -c ^vx100")).toBe("1");
    await broadcastsStay(RED_ENDS);
  });

  it("is GENEVE on the underlay", async () => {
    const wire = await capture(guests, "kvm1", "tcpdump -i eth0 -nn -U udp and host 192.168.10.222");
    expect(await reaches("c1", "10.0.3.11")).toBe(true);
    const seen = (await wire()).split("\n");
    // By its UDP port, 6081, tcpdump knows it for GENEVE (RFC 8926 section 3.3).
    const outer = /192\.168\.10\.156\.\d+ > 192\.168\.10\.222\.6081: Geneve, Flags \[none\], vni 0x64/;
    expect(seen.filter((line) => outer.test(line)).length).toBeGreaterThanOrEqual(3);
    expect(seen.filter((line) => line.includes("VXLAN") && line.includes("vni 100"))).toEqual([]);
  });
});

describe("a container's edits", () => {
  it("of address and VLAN do not restart it", async () => {
    const before = await guests.facts("kvm1");
    const moved = { host: "kvm1", interfaces: [{ segment: "green", address: "10.0.30.9/24" }, red(51)] };
    await up({}, { two: moved });
    expect((await guests.facts("kvm1")).pids).toEqual(before.pids);
    const moves = [reaches("both", "10.0.30.9"), reaches("c3", "10.0.3.51"), reaches("c3", "10.0.3.50")];
    expect(await Promise.all(moves)).toEqual([true, true, false]);
    await up({ flooding: "flow" });
    expect((await guests.facts("kvm1")).pids).toEqual(before.pids);
    expect(await redWorks()).toEqual([]);
  });
});

describe("a host of the earliest version", () => {
  it("is migrated at boot: nothing is restarted or made again", () =>
    migrates(guests, "kvm2", leaveAsLevel1));
});

describe("a reboot", () => {
  it("brings everything back with nobody's help, also of an earlier version's host", async () => {
    await leaveAsLevel2(guests, "kvm1");
    const boot = () => guests.ask("kvm1", "cat /proc/sys/kernel/random/boot_id", 15);
    const { stdout: before } = await boot();
    const lease = await guests.tell("kvm1", "cut -d' ' -f2- /var/lib/vxlab/services/*/leases");
    await guests.ask("kvm1", "reboot", 15);
    await guests.hangUp("kvm1");
    await within(240, "another boot", async () => {
      const { code, stdout } = await boot();
      return code === 0 && stdout !== before;
    });
    await within(240, "red", async () => (await redWorks()).length === 0);
    await within(60, "blue and green", async () => (await othersWork()).length === 0);
    expect(await guests.tell("kvm1", "cut -d' ' -f2- /var/lib/vxlab/services/*/leases")).toBe(lease);
  });
});

describe("what is taken away", () => {
  it("leaves nothing on the hosts: no bridge of flows, no device, no rules, no server", async () => {
    const { c1, c2, c3 } = CONTAINERS;
    project.configure({ hosts: HOSTS, segments: { red: RED }, containers: { c1, c2, c3 } });
    good(await change(project, ["up"], { timeout: 900 }));
    for (const host of Object.keys(HOSTS)) {
      const found = await guests.tell(
        host,
        "ovs-vsctl list-br; ls /sys/class/net | grep -E '^(vm|vf|bf|gw-)'; nft list tables; " +
          "ls /var/lib/vxlab; cat /proc/sys/net/ipv4/conf/eth0/forwarding; ! pidof dnsmasq",
      );
      const always = ["containers", "desired", "guard", "guard.nft", "level"];
      const kept = [...always, ...maybe("made", found), ...maybe("nft", found), ...maybe("tuned", found)];
      expect(found.split("\n")).toEqual(["vxbr", "table inet vxlab_guard", ...kept, "0"]);
    }
    expect(await redWorks()).toEqual(["c2 to 10.0.3.50"]);
  });

  it("is the whole lab in the end", async () => {
    await guests.close();
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [labId])).toEqual([]);
  });
});

/** Folders of the kernel's former settings, empty, and of what nft has listed. */
const maybe = (folder: string, found: string) => (found.includes(`\n${folder}\n`) ? [folder] : []);
