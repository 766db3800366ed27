/**
 * EVPN on three real machines: what crosses the underlay and what does not, what a route reflector that fails costs, who may speak BGP,
 * and that nothing is left. Two hosts are route reflectors; the control, in the end, floods by unicast. More of it: test/long/evpn.test.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capture } from "../lib/capture";
import { change } from "../lib/changes";
import {
  allReach,
  configure,
  CONTAINERS,
  HOSTS,
  lostWithout,
  reaches,
  RED,
  stations,
  up,
} from "../lib/evpn-lab";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { greenWithin, redChecks, within } from "../lib/wait";

let project: Project;
let guests: Guests;

/** Frames for all, or for a multicast group of neighbour discovery, that kvm1's underlay carries for new conversations of c1. */
async function askedByAll(): Promise<{ questions: string[]; answers: number }> {
  const forget = (name: string) =>
    guests.tell(guests.hostOf(name), guests.inside(name, "ip neigh flush all"));
  await Promise.all(["c1", "c2", "c3"].map(forget));
  const wire = await capture(
    guests,
    "kvm1",
    "tcpdump -i eth0 -nn -e -U -T vxlan udp port 4789 or udp port 4790",
  );
  await Promise.all(["c1", "c2", "c3"].map(forget));
  for (const to of ["10.0.3.11", "10.0.3.12", "fd00:3::11"])
    expect(await reaches(guests, "c1", to)).toBe(true);
  const lines = (await wire()).split("\n");
  return {
    questions: lines.filter((line) =>
      /> (ff:ff:ff:ff:ff:ff|33:33:ff:\S+), .*(who-has|neighbor sol)/.test(line),
    ),
    answers: lines.filter((line) => line.includes("echo reply")).length,
  };
}

beforeAll(async () => {
  project = await Project.create("evpn");
  configure(project);
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe("segments with EVPN", () => {
  it("work: every check of verify is green, a second up changes nothing, observe answers what was applied", async () => {
    await greenWithin(120, project);
    expect(await up(project)).toEqual([]);
    for (const host of Object.keys(HOSTS))
      for (const { desired, found } of await guests.observed(host))
        expect(found).toEqual({ v: desired.v, state: desired.state });
  });

  it("of a fourth host: a preview creates what is its own, and changes nothing of another", async () => {
    configure(project, {}, { hosts: { ...HOSTS, kvm4: { address: "192.168.10.14" } } });
    const { steps } = await change(project, ["preview"]);
    expect(steps.filter((step) => step.startsWith("create ")).length).toBeGreaterThan(5);
    expect(steps.filter((step) => /kvm[123]|-c[123]/.test(step))).toEqual([]);
    configure(project);
  });

  it("ask nobody for whom the plan knows", async () => {
    const { questions, answers } = await askedByAll();
    expect(questions).toEqual([]);
    expect(answers).toBeGreaterThanOrEqual(9);
  });

  it("lend addresses: the container's MAC is known everywhere, its address is learned", async () => {
    const eth0 = () => guests.tell("kvm3", guests.inside("lent", "ip -4 address show dev eth0"));
    await within(60, "a lease", async () => /inet 10\.0\.20\./.test(await eth0()));
    const [nic] = guests.lab.containers.find(({ name }) => name === "lent")?.interfaces ?? [];
    expect(await stations(guests, "kvm1", "ve200")).toContain(
      `${nic?.mac} dst 192.168.10.13 self extern_learn`,
    );
  });
});

describe("a route reflector whose bgpd is killed", () => {
  it("costs two other hosts no ping, and comes back", async () => {
    const { lost, sent } = await lostWithout(guests, "bgpd");
    expect(sent).toBeGreaterThan(40);
    expect(lost).toBe(0);
    await within(60, "every check of EVPN green", async () => {
      const red = await redChecks(project, "evpn/", "router/");
      return red.length === 0;
    });
  });
});

describe("the guard", () => {
  const connect = (host: string, to: string) => guests.ask(host, `nc -w 3 ${to} 179 </dev/null`, 20);
  const outside = async (to: string) =>
    (
      await project.run("ip", ["netns", "exec", project.namespace, "busybox", "nc", "-w", "3", to, "179"], {
        timeout: 20,
      })
    ).code;

  it("takes BGP from the lab's hosts alone, and not from containers", async () => {
    // Not of a host: the hypervisor's own address.
    expect(await outside("192.168.10.11")).not.toBe(0);
    expect((await connect("kvm3", "192.168.10.11")).code).toBe(0);
    // Only reflectors listen.
    expect((await connect("kvm1", "192.168.10.13")).code).not.toBe(0);
    const box = guests.inside("c1", "busybox nc -w 3 192.168.10.11 179 </dev/null");
    await guests.tell("kvm1", guests.inside("c1", "ip route add 192.168.10.11 via 10.0.3.254 dev eth0"));
    const own = await guests.tell("kvm1", "cat /sys/class/net/be100/address");
    await guests.tell("kvm1", guests.inside("c1", `ip neigh replace 10.0.3.254 lladdr ${own} dev eth0`));
    expect((await guests.ask("kvm1", box, 20)).code).not.toBe(0);
    await guests.tell("kvm1", "nft delete table inet vxlab_guard");
    try {
      expect(await outside("192.168.10.11")).toBe(0);
    } finally {
      await guests.tell("kvm1", "nft -f /var/lib/vxlab/guard.nft");
    }
    await guests.tell("kvm1", guests.inside("c1", "ip route del 192.168.10.11"));
    expect(await allReach(guests)).toBe(true);
  });
});

describe("what is taken away", () => {
  it("leaves no router, no device and no file of it; by unicast each is asked for: the control", async () => {
    const { pids } = await guests.facts("kvm1");
    project.configure({
      hosts: HOSTS,
      segments: { red: { ...RED, flooding: "unicast" } },
      containers: { c1: CONTAINERS.c1, c2: CONTAINERS.c2, c3: CONTAINERS.c3 },
    });
    good(await change(project, ["up"], { timeout: 900 }));
    const look =
      "ls /sys/class/net | grep -E '^(ve|be|oe)[0-9]'; pidof zebra bgpd; ls /var/lib/vxlab | grep -x router; " +
      "ls -d /run/frr/vxlab /etc/frr/vxlab; nft list ruleset | grep 179; echo end";
    for (const host of Object.keys(HOSTS))
      expect(await guests.tell(host, `{ ${look}; } 2>/dev/null`)).toBe("end");
    expect((await guests.facts("kvm1")).pids).toEqual(pids);
    expect((await askedByAll()).questions.length).toBeGreaterThanOrEqual(3);
    expect(await allReach(guests)).toBe(true);
    await guests.close();
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [])).toEqual([]);
  });
});
