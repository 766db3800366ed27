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
/** UDP port of a segment with EVPN. */
const GPE = 4790;

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
      // With -w an error would end it (ping(8)).
      `${guests.inside(box, `timeout 400 ping -i 0.3 ${to}`)} >/dev/null 2>&1 </dev/null & echo $!`,
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
    // Where a capture expects another protocol.
    ["unicast by VXLAN-GPE's port", { udpPort: GPE }],
    ["unicast again", {}],
  ])("%s is encrypted", async (_, red) => {
    const pids = (await guests.facts("kvm1")).pids;
    const seen = await hear(async () => {
      const steps = await flooding(red);
      // EVPN has a router on each host.
      expect(steps.filter((step) => /^(create|delete|replace) (?!.*-evpn)/.test(step))).toEqual([]);
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
});

/** Remote ends of the BGP sessions of a host: address:port, as the kernel has them. */
async function sessions(host: string): Promise<string[]> {
  const table = await guests.tell(host, "cat /proc/net/tcp");
  const all = [...table.matchAll(/^\s*\d+: ([0-9A-F]{8}):([0-9A-F]{4}) ([0-9A-F]{8}):([0-9A-F]{4}) 01 /gm)];
  const address = (hex = "") =>
    (hex.match(/../g) ?? [])
      .reverse()
      .map((two) => parseInt(two, 16))
      .join(".");
  return all
    .filter(([, , own, , far]) => [own, far].includes("00B3"))
    .map(([, from, , to]) => `${address(from)} ${address(to)}`);
}

describe("EVPN inside of WireGuard", () => {
  const TUNNEL = ["10.255.10.156", "10.255.10.222"] as const;
  const stopped = async () =>
    Number(
      /packets (\d+)/.exec(
        await guests.tell("kvm1", `nft list chain inet vxlab_guard output | grep ${GPE}`),
      )?.[1],
    );

  it("has its sessions there, and nowhere else", async () => {
    await flooding({ flooding: "evpn" });
    await within(60, "every ping", async () => (await pingsAll(guests)).every(Boolean));
    const found = await sessions("kvm1");
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found)).toEqual(new Set([TUNNEL.join(" ")]));
  });

  it("nothing leaves without wg0, nor with its address elsewhere; it does without the guard", async () => {
    const besides = (seen: Awaited<ReturnType<typeof hear>>) =>
      portsOf(seen).filter((port) => port !== WIREGUARD);
    await guests.tell("kvm1", "ip route add 10.255.0.0/16 via 192.168.10.1");
    // What is on the way before would be sent again by TCP.
    const gone = await hear(async () => {
      await guests.tell("kvm1", "ip link del dev wg0");
      expect((await pingsAll(guests))[0]).toBe(false);
    });
    expect(besides(gone)).toEqual([]);
    // Zebra forgets the other host when BGP's hold time is over, which may be at any moment here.
    const flood = `bridge fdb append 00:00:00:00:00:00 dev ve100 dst ${TUNNEL[1]} 2>/dev/null; :`;
    const flooded = () =>
      hear(async () => {
        await guests.tell("kvm1", flood);
        await pingsAll(guests);
        await guests.tell("kvm1", flood);
        await pingsAll(guests);
      });
    await guests.tell("kvm1", `ip address add ${TUNNEL[0]}/32 dev lo`);
    const elsewhere = await flooded();
    expect(besides(elsewhere).filter((port) => port === GPE || port === 4789)).toEqual([]);
    expect(await stopped()).toBeGreaterThan(0);
    await guests.tell("kvm1", "nft delete table inet vxlab_guard");
    const open = await flooded();
    expect(besides(open)).toContain(GPE);
    await guests.tell("kvm1", `ip address del ${TUNNEL[0]}/32 dev lo; ip route del 10.255.0.0/16`);
    const healed = await hear(async () => good(await project.vxlab(["up"], { timeout: 300 })));
    expect(portsOf(healed)).toEqual([WIREGUARD]);
    await within(60, "every ping", async () => (await pingsAll(guests)).every(Boolean));
  });

  it("a reboot, with EVPN: it is there before anything leaves", { timeout: 900_000 }, async () => {
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
