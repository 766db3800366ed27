/** EVPN on three real machines, what takes longer: whole labs with it, controls with one reflector, zebra killed, a container that moves, a reboot. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keepPinging } from "../lib/capture";
import { change } from "../lib/changes";
import {
  allReach,
  askedByAll,
  configure,
  CONTAINERS,
  HOSTS,
  lostWithout,
  reaches,
  RED,
  red,
  stations,
  up,
} from "../lib/evpn-lab";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { greenWithin, redChecks, within } from "../lib/wait";

let project: Project;
let guests: Guests;

beforeAll(async () => {
  project = await Project.create("evpn-long");
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
  it("costs pings where it is the only one: the control", async () => {
    await up(project, {}, { evpn: { reflectors: ["kvm1"] } });
    await within(60, "one reflector", () => allReach(guests));
    const { lost, sent } = await lostWithout(guests, "bgpd");
    console.log(`one reflector killed: ${lost} of ${sent} pings lost`);
    expect(lost).toBeGreaterThan(5);
    await within(60, "it is back", () => allReach(guests));
    // A host that was none is one: all others have a session with it.
    const did = await up(project, {}, { evpn: { reflectors: ["kvm1", "kvm3"] } });
    expect(did.filter((step) => step.endsWith("-step")).length).toBeGreaterThan(0);
    await greenWithin(90, project);
    await up(project);
    await greenWithin(90, project);
  });
});

describe("zebra killed", () => {
  it("converges: what it has to know is there again, and what is new arrives", async () => {
    const { lost, sent } = await lostWithout(guests, "zebra");
    console.log(`zebra of a third host killed: ${lost} of ${sent} pings lost`);
    expect(lost).toBe(0);
    await greenWithin(120, project);
    // Through the new zebra: a station that it has not heard of.
    await guests.tell("kvm3", "bridge fdb replace 02:00:00:00:00:99 dev oe100 master static");
    await within(60, "a new station", async () =>
      (await stations(guests, "kvm1")).includes("02:00:00:00:00:99"),
    );
    await guests.tell("kvm3", "bridge fdb del 02:00:00:00:00:99 dev oe100 master");
    await within(60, "it goes", async () => !(await stations(guests, "kvm1")).includes("02:00:00:00:00:99"));
  });
});

describe("a container that moves", () => {
  it("is reached on its new host by the old address, with no change of other hosts", async () => {
    const pings = await keepPinging(guests, "c2", "10.0.3.10");
    const did = await up(project, {}, {}, { c1: { host: "kvm3", ...red(10) } });
    await within(30, "c1", () => reaches(guests, "c2", "10.0.3.10"));
    const { lost, sent } = await pings.end();
    console.log(`moved: ${lost.length} of ${sent} pings lost`);
    const touched = did.map((step) => step.split(" ")[1]);
    // The component `lab` shows its settings.
    expect(touched.filter((name) => name !== "lab" && !name?.startsWith("lab-c1"))).toEqual([]);
    await greenWithin(60, project);
    await up(project);
    await greenWithin(60, project);
  });
});

describe("a reboot of a reflector", () => {
  it("brings everything back with nobody's help", async () => {
    const boot = () => guests.ask("kvm1", "cat /proc/sys/kernel/random/boot_id", 15);
    const { stdout: before } = await boot();
    await guests.ask("kvm1", "reboot", 15);
    await guests.hangUp("kvm1");
    await within(240, "another boot", async () => {
      const { code, stdout } = await boot();
      return code === 0 && stdout !== before;
    });
    await greenWithin(240, project);
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
      "ls -d /run/frr/vxlab /etc/frr/vxlab; nft list ruleset | grep 'dport 179'; echo end";
    for (const host of Object.keys(HOSTS))
      expect(await guests.tell(host, `{ ${look}; } 2>/dev/null`)).toBe("end");
    expect((await guests.facts("kvm1")).pids).toEqual(pids);
    expect((await askedByAll(guests)).questions.length).toBeGreaterThanOrEqual(3);
    expect(await allReach(guests)).toBe(true);
    expect(await redChecks(project)).toEqual([]);
    await guests.close();
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [])).toEqual([]);
  });
});
