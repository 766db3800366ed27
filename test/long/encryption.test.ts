/** Encryption on real machines, what takes longer: ways to flood, restarts and a reboot, with an ear on the whole underlay. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { CONTAINERS, FAR, pingsAll, SEGMENTS } from "../lib/encryption-lab";
import { settings, WIREGUARD } from "../lib/encryption-lab";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { onUnderlay, portsOf } from "../lib/underlay-ear";
import { greenWithin, redChecks, within } from "../lib/wait";

const ON = { encryption: "wireguard" };

let project: Project;
let guests: Guests;

const hear = (what: () => Promise<unknown>) => onUnderlay(project, what);
const all = [true, true, true];

/** `pulumi up` with red flooding in another way; what ran of it. */
async function flooding(red: object, more: object = {}): Promise<string[]> {
  const segments = { ...SEGMENTS, red: { ...SEGMENTS.red, ...red } };
  project.configure(settings(ON, { segments, containers: { ...CONTAINERS, ...more } }));
  const done = await change(project, ["up"], { timeout: 600 });
  good(done);
  return done.steps;
}

/** Pings from both ends, the whole time: nobody is silent while something is missing. */
async function pinging(what: () => Promise<void>): Promise<void> {
  const start = (host: string, box: string, to: string) =>
    guests.tell(
      host,
      `${guests.inside(box, `ping -i 0.3 -w 400 ${to}`)} >/dev/null 2>&1 </dev/null & echo $!`,
    );
  await start("kvm1", "c1", FAR.c1);
  const pid = await start("kvm2", "c2", CONTAINERS.c1.address.replace("/24", ""));
  await what();
  await guests.ask("kvm2", `kill ${pid}`);
}

beforeAll(async () => {
  project = await Project.create("encryption-long");
  project.configure(settings(ON));
  good(await project.vxlab(["up"], { timeout: 1200 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe("each way to flood, as an edit in place", () => {
  it.each([
    ["flow", { flooding: "flow" }],
    ["evpn", { flooding: "evpn" }],
    ["unicast again", {}],
  ])("%s is encrypted", async (_, red) => {
    const pids = (await guests.facts("kvm1")).pids;
    const seen = await hear(async () => {
      const steps = await flooding(red);
      expect(steps.filter((step) => /^(create|delete|replace)/.test(step))).toEqual([]);
      await within(60, "every ping", async () => (await pingsAll(guests)).every(Boolean));
    });
    expect(portsOf(seen)).toEqual([WIREGUARD]);
    expect((await guests.facts("kvm1")).pids).toEqual(pids);
    expect(await redChecks(project)).toEqual([]);
  });

  it("with a hub the spokes have it as their only peer, and reach each other", async () => {
    const c3 = { c3: { host: "kvm3", segment: "red", address: "10.0.3.12/24" } };
    const spokes = { c1: "10.0.3.12", c3: "10.0.3.10", c2: "10.0.3.12" };
    const seen = await hear(async () => {
      await flooding({ hub: "kvm2", hosts: ["kvm1", "kvm2", "kvm3"] }, c3);
      await guests.close();
      guests = await Guests.of(project);
      await within(30, "every ping", async () => (await pingsAll(guests, spokes)).every(Boolean));
    });
    expect(portsOf(seen)).toEqual([WIREGUARD]);
    const peers = (host: string) => guests.tell(host, "wg show wg0 allowed-ips | cut -f 2 | sort");
    expect(await peers("kvm1")).toBe("10.255.10.222/32");
    expect(await peers("kvm3")).toBe("10.255.10.222/32");
    expect(await peers("kvm2")).toBe("10.255.10.156/32\n10.255.10.30/32");
    expect(await redChecks(project)).toEqual([]);
    await flooding({});
    await guests.close();
    guests = await Guests.of(project);
  });
});

describe("a key", () => {
  it("a host with another key gets no traffic, and is named", async () => {
    await guests.tell("kvm2", "wg genkey | wg set wg0 private-key /proc/self/fd/0");
    expect(await pingsAll(guests)).toEqual([false, false, false]);
    const red = (await redChecks(project)).join("\n");
    expect(red).toMatch(/^encryption\/kvm2: its public key is \S+ instead of /m);
    expect(red).toMatch(/^ping\/c1\/c2: /m);
    good(await project.vxlab(["up"], { timeout: 300 }));
    expect(await pingsAll(guests)).toEqual([true, true, true]);
  });
});

describe("while it restarts", () => {
  it("Open vSwitch killed and wg0 made anew, meanwhile and after: nothing but WireGuard", async () => {
    const seen = await hear(() =>
      pinging(async () => {
        await guests.tell("kvm1", "ip link del dev wg0; kill -9 $(pidof ovs-vswitchd)");
        expect(await pingsAll(guests)).toEqual([false, false, false]);
        await guests.tell("kvm1", "/usr/lib/vxlab/guest boot", 120);
        await within(60, "every ping", async () => (await pingsAll(guests)).every(Boolean));
      }),
    );
    expect(portsOf(seen)).toEqual([WIREGUARD]);
    expect(seen.filter(({ from }) => from === "192.168.10.156").length).toBeGreaterThan(5);
    await greenWithin(60, project);
  });

  it("a reboot: it is there before anything leaves", { timeout: 900_000 }, async () => {
    const boot = async () => (await guests.ask("kvm1", "cat /proc/sys/kernel/random/boot_id", 15)).stdout;
    const before = await boot();
    const seen = await hear(() =>
      pinging(async () => {
        await guests.ask("kvm1", "sync; reboot", 15);
        await guests.hangUp("kvm1");
        await within(240, "another boot", async () => ![before, ""].includes(await boot()));
        await within(240, "every ping", async () => (await pingsAll(guests)).every(Boolean));
      }),
    );
    expect(portsOf(seen)).toEqual([WIREGUARD]);
    await greenWithin(120, project);
    expect(await pingsAll(guests)).toEqual(all);
  });
});

describe("the end", () => {
  it("leaves nothing", async () => {
    const { id } = guests.lab;
    await guests.close();
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [id])).toEqual([]);
  });
});
