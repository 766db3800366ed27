/** EVPN on three real machines, what takes longer: controls with one reflector, zebra killed, a container that moves, a reboot. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keepPinging } from "../lib/capture";
import { allReach, configure, lostWithout, reaches, red, stations, up } from "../lib/evpn-lab";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { greenWithin, within } from "../lib/wait";

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
