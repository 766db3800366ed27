/**
 * Probes of a chain on two real machines: a box that hangs with both links up is passed by and taken again; without probes (the control)
 * nothing passes. Probes outlive the box's restart, that of Open vSwitch and a reboot, drift names what somebody took away of them, and
 * the setting comes and goes in place.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keepPinging } from "../lib/capture";
import { change } from "../lib/changes";
import { Guests } from "../lib/guests";
import { MIDDLE_BOX } from "../lib/middle-box";
import { good, Project } from "../lib/project";
import { verdicts, within } from "../lib/wait";

const LAB = {
  hosts: { kvm1: { address: "192.168.10.156" }, kvm2: { address: "192.168.10.222" } },
  segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
  containers: {
    c1: { host: "kvm1", address: "10.0.3.10/24" },
    c2: { host: "kvm1", address: "10.0.3.11/24" },
    m1: { host: "kvm2", interfaces: [{ chain: "in" }, { chain: "out" }], command: MIDDLE_BOX },
  },
};
const C2 = "10.0.3.11";
/** Pings five times a second. */
const SECOND = 5;
const PORTS = ["v-m1", "v-m1_1"];
const LED = /^true \d+ packets through c1 → m1 → c2, \d+ back, none past it/;

let project: Project;
let guests: Guests;

const configure = (probe: object) =>
  project.configure({
    ...LAB,
    chains: { chain: { from: "c1", to: "c2", through: ["m1"], failure: "open", ...probe } },
  });

async function up(probe: object): Promise<string[]> {
  configure(probe);
  const done = await change(project, ["up"], { timeout: 900 });
  good(done);
  return done.steps;
}

async function answered(): Promise<number> {
  const { stdout } = await guests.ping("c1", `-c 4 -i 0.3 -W 2 ${C2}`);
  return Number(/(\d+) received/.exec(stdout)?.[1]);
}
const passes = async (): Promise<boolean> => (await answered()) === 4;

/** Packets of the chain that m1's flows have counted, without its probes. */
async function delivered(): Promise<number> {
  const said = await guests.tell("kvm2", "ovs-ofctl dump-flows vxbr table=6 | grep priority=200 || :");
  return [...said.matchAll(/n_packets=(\d+)/g)].reduce((all, [, count]) => all + Number(count), 0);
}

/** Whether m1 is what packets pass. */
async function isLed(): Promise<boolean> {
  const before = await delivered();
  return (await passes()) && (await delivered()) >= before + 8;
}

async function said(): Promise<string> {
  const found = (await verdicts(project, "chain")).find(({ name }) => name === "chain/chain");
  return `${found?.ok} ${found?.got}`;
}

const inBox = (words: string) => guests.tell("kvm2", guests.inside("m1", words));
const probed = (column = "bfd") =>
  guests.tell("kvm2", `ovs-vsctl --bare --columns=${column} list interface ${PORTS.join(" ")}`);
const pidOfBox = () => guests.tell("kvm2", "lxc-info -P /var/lib/vxlab/containers -n m1 -p -H");

beforeAll(async () => {
  project = await Project.create("probes");
  configure({});
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe("a box that hangs with both links up", () => {
  it("stops everything without probes; the control", async () => {
    await within(60, "the chain", isLed);
    await inBox("ip link set eth1 nomaster");
    expect(await answered()).toBe(0);
    await inBox("ip link set eth1 master br0");
    await within(20, "m1 again", isLed);
  });

  it("is passed by with probes, which an up adds in place, and taken again when it forwards", async () => {
    const pid = await pidOfBox();
    const steps = (await up({ probe: 300 })).filter((one) => one.includes("-step"));
    expect(steps).toEqual(["update lab-chain-chain-kvm2-hops-step"]);
    expect(await pidOfBox()).toBe(pid);
    await within(30, "probes", isLed);
    expect(await said()).toMatch(LED);

    const pings = await keepPinging(guests, "c1", C2);
    await inBox("ip link set eth1 nomaster");
    await within(20, "m1 passed by", passes);
    const before = await delivered();
    expect([await answered(), (await delivered()) - before]).toEqual([4, 0]);
    const { lost, sent } = await pings.end();
    console.log(`a box hangs: ${lost.length} of ${sent} pings lost`);
    expect(lost.length).toBeLessThanOrEqual(5 * SECOND);
    expect(await said()).toContain("false m1 is not running, or passes no probes, and is bypassed");

    await inBox("ip link set eth1 master br0");
    await within(30, "m1 again", isLed);
    expect(await said()).toMatch(LED);
    // One that forwards nothing in either direction.
    await inBox("ip link set br0 down");
    await within(20, "m1 passed by", passes);
    await inBox("ip link set br0 up");
    await within(30, "m1 again", isLed);
  });
});

describe("probes", () => {
  it("are there again after a restart of the box", async () => {
    good(await project.vxlab(["restart", "m1"], { timeout: 400 }));
    await within(60, "m1 again", isLed);
    expect(await probed("bfd_status")).toMatch(/state=up[^]*state=up/);
  });

  it("are there again after a SIGKILL of ovs-vswitchd", async () => {
    const pid = await guests.tell("kvm2", "p=$(pidof ovs-vswitchd); kill -9 $p; echo $p");
    const other = async () => {
      const { code, stdout } = await guests.ask("kvm2", "pidof ovs-vswitchd");
      return code === 0 && stdout.trim() !== pid;
    };
    await within(60, "another ovs-vswitchd", other);
    await within(60, "m1 again", isLed);
  });

  it("are there again after a reboot of the box's host", async () => {
    await guests.hangUp("kvm2");
    good(await project.vxlab(["restart", "kvm2"], { timeout: 400 }));
    await within(90, "m1 again", isLed);
    expect(await said()).toMatch(LED);
  });

  it("that somebody ended are named, and set again by an up", async () => {
    await guests.tell("kvm2", "ovs-vsctl clear interface v-m1 bfd");
    const { stdout } = await project.vxlab(["drift"], { timeout: 300 });
    expect(stdout).toContain("kvm2: chain chain: port v-m1 is not probed\n1 difference");
    good(await project.vxlab(["up", "--no-verify"], { timeout: 600 }));
    await within(30, "m1 again", isLed);
    expect(await up({ probe: 300 })).toEqual([]);
  });

  it("end with the setting: nothing of them is left, and the box stays in the chain", async () => {
    await up({});
    expect((await probed()).trim()).toBe("");
    expect(await guests.tell("kvm2", "ls /var/lib/vxlab/chains/*/probes 2>/dev/null; echo end")).toBe("end");
    await within(20, "the chain", isLed);
  });
});
