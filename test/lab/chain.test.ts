/**
 * Service chains on two real machines: through transparent boxes and through a router, what happens when a box is added or stops, that
 * the flows are what leads there (the control has none), that they come back by themselves, and that nothing is left. Reboots, every way
 * to flood: test/long/chain.test.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keepPinging } from "../lib/capture";
import { change } from "../lib/changes";
import { Guests } from "../lib/guests";
import { MIDDLE_BOX } from "../lib/middle-box";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { redChecks, verdicts, within, type Verdicts } from "../lib/wait";

const HOSTS = { kvm1: { address: "192.168.10.156" }, kvm2: { address: "192.168.10.222" } };
const RED = { vni: 100, subnet: "10.0.3.0/24", subnet6: "fd00:3::/64" };
const red = (n: number) => ({ address: `10.0.3.${n}/24`, address6: `fd00:3::${n}/64` });
const box = (host: string) => ({
  ...{ host, interfaces: [{ chain: "in" }, { chain: "out" }] },
  command: MIDDLE_BOX,
});
const CONTAINERS = {
  c1: { host: "kvm1", ...red(10) },
  c2: { host: "kvm2", ...red(11) },
  c3: { host: "kvm2", ...red(12) },
  m1: box("kvm1"),
  r: { host: "kvm2", ...red(20), sysctls: { "net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1 } },
};
const ROUTED = { from: "c1", to: "c3", through: ["r"] };
const TWO = { from: "c1", to: "c2", through: ["m1", "m2"] };
const C2 = "10.0.3.11";
/** Five pings a second: a second's worth. */
const SECOND = 5;
/** Slow to start: `up` leads packets to it only when they pass. */
const SLOW = { ...box("kvm2"), command: MIDDLE_BOX.map((word) => word.replace(/^ip /, "sleep 3; ip ")) };
/** What verify says when all is well. */
const LED = /^true \d+ packets through c1 → m1 → m2 → c2, \d+ back, none past it/;
const COOKIES = "cookie=0x5f00000000000000/0xff00000000000000";

let project: Project;
let guests: Guests;

function configure(chains: object, more: object = {}): void {
  project.configure({
    ...{ hosts: HOSTS, segments: { red: RED } },
    ...{ containers: { ...CONTAINERS, ...more }, chains },
  });
}

async function up(chain: object): Promise<string[]> {
  configure({ chain, routed: ROUTED }, { m2: SLOW });
  const done = await change(project, ["up"], { timeout: 900 });
  good(done);
  return done.steps;
}

const each = <T>(ask: (host: string) => Promise<T>): Promise<T[]> => Promise.all(Object.keys(HOSTS).map(ask));
/** How many of four pings are answered. */
async function answered(to = C2): Promise<number> {
  const { stdout } = await guests.ping("c1", `-c 4 -i 0.3 -W 2 ${to}`);
  return Number(/(\d+) received/.exec(stdout)?.[1]);
}
const passes = async (): Promise<boolean> => (await answered()) === 4;
/** Packets that a box was given, on both sides. */
async function given(name: string): Promise<number> {
  const file = (veth: string) => `/sys/class/net/${veth}/statistics/tx_packets`;
  const said = await guests.tell(guests.hostOf(name), `cat ${file(`v-${name}`)} ${file(`v-${name}_1`)}`);
  return said.split("\n").reduce((all, line) => all + Number(line), 0);
}
/** Packets that each box is given while something happens. */
async function during(boxes: readonly string[], happens: () => Promise<unknown>): Promise<number[]> {
  const before = await Promise.all(boxes.map(given));
  await happens();
  const after = await Promise.all(boxes.map(given));
  return after.map((count, index) => count - (before[index] ?? NaN));
}
const kill = (name: string) =>
  guests.tell(guests.hostOf(name), `lxc-stop -k -P /var/lib/vxlab/containers -n ${name}`);
/** What verify says of a chain. */
async function said(chain = "chain", checks?: Verdicts): Promise<string> {
  const found = (checks ?? (await verdicts(project, "chain"))).find(({ name }) => name === `chain/${chain}`);
  return `${found?.ok} ${found?.got}`;
}
const restart = async (name: string) => good(await project.vxlab(["restart", name], { timeout: 400 }));

beforeAll(async () => {
  project = await Project.create("chain");
  configure({ chain: { ...TWO, through: ["m1"] }, routed: ROUTED });
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe("chains", () => {
  it("lead: every check is green, and says so of a transparent box and of a router", async () => {
    let checks: Verdicts = [];
    await within(120, "every check green", async () =>
      (checks = await verdicts(project)).every(({ ok }) => ok),
    );
    expect(await said("chain", checks)).toMatch(/^true \d+ packets through c1 → m1 → c2/);
    expect(await said("routed", checks)).toMatch(/^true \d+ packets through c1 → r → c3/);
    const { stdout } = await guests.ping("c1", "-c 2 -i 0.3 10.0.3.12");
    expect(stdout).toContain("ttl=63");
  });

  it("take another box in the middle, new on another host, and lose a second at most; a second up changes nothing", async () => {
    const pings = await keepPinging(guests, "c1", C2);
    await up(TWO);
    await guests.ping("c3", `-c 10 -i 0.3 ${C2}`);
    const { lost, sent } = await pings.end();
    console.log(`a box added: ${lost.length} of ${sent} pings lost (${lost.join()})`);
    guests = await Guests.of(project);
    expect(lost.length).toBeLessThanOrEqual(SECOND);
    const led = await during(["m1", "m2"], async () => expect(await answered()).toBe(4));
    expect(Math.min(...led)).toBeGreaterThanOrEqual(8);
    expect(await up(TWO)).toEqual([]);
    expect(await said()).toMatch(LED);
  });

  it("give a box up, and lose a second at most; and take it again", async () => {
    const pings = await keepPinging(guests, "c1", C2);
    await up({ ...TWO, through: ["m1"] });
    const { lost, sent } = await pings.end();
    console.log(`a box removed: ${lost.length} of ${sent} pings lost (${lost.join()})`);
    expect(lost.length).toBeLessThanOrEqual(SECOND);
    expect(await said()).toMatch(/^true \d+ packets through c1 → m1 → c2/);
    // Open from here on: to what fails another way.
    await up({ ...TWO, failure: "open" });
    expect(await said()).toMatch(LED);
  });

  it("carry the segment's MTU, and not a byte more", async () => {
    const most = (size: number) => guests.ping("c1", `-c 2 -i 0.3 -W 2 -M do -s ${size} ${C2}`);
    expect((await most(1422)).code).toBe(0);
    expect((await most(1423)).code).not.toBe(0);
  });
});

describe("a box that fails", () => {
  it("hangs with both links up: nothing passes, and verify says which box", async () => {
    const bridge = (word: string) => guests.tell("kvm1", guests.inside("m1", `ip link set eth1 ${word}`));
    await bridge("nomaster");
    expect(await answered()).toBe(0);
    expect(await said()).toMatch(/^false m1 takes in \d+ and lets out 0/);
    await bridge("master br0");
    await within(20, "m1 again", passes);
  });

  it("stops, with failure open: packets pass it by, and are led through it again", async () => {
    const pings = await keepPinging(guests, "c1", C2);
    await kill("m2");
    const [given1] = await during(["m1"], () => within(10, "m2 passed by", passes));
    const { lost, sent } = await pings.end();
    console.log(`failure open, a box killed: ${lost.length} of ${sent} pings lost`);
    expect(lost.length).toBeLessThanOrEqual(3 * SECOND);
    expect(given1).toBeGreaterThanOrEqual(8);
    expect(await said()).toContain("false m2 is not running, and is bypassed");
    await restart("m2");
    await within(30, "m2 again", passes);
    expect(await said()).toMatch(LED);
  });

  it("stops, with failure closed: nothing passes, and all of it does when the box runs again", async () => {
    await up(TWO);
    await within(30, "closed", passes);
    await kill("m2");
    expect(await answered()).toBe(0);
    expect(await answered("10.0.3.12")).toBe(4);
    await restart("m2");
    await within(30, "m2 again", passes);
    expect(await said()).toMatch(LED);
  });
});

describe("the flows", () => {
  it("are what leads: without them packets go round the boxes, whose counters stay; the control", async () => {
    await each((host) => guests.tell(host, `ovs-ofctl del-flows vxbr ${COOKIES}`));
    const round = await during(["m1", "m2"], async () => expect(await answered()).toBe(4));
    expect(round).toEqual([0, 0]);
    expect(await said()).toMatch(/^false /);
    await each((host) => guests.tell(host, "/usr/lib/vxlab/guest flows"));
    const led = await during(["m1", "m2"], async () => expect(await answered()).toBe(4));
    expect(Math.min(...led)).toBeGreaterThanOrEqual(8);
  });

  it("are there again after a SIGKILL of ovs-vswitchd", async () => {
    const pid = () => guests.tell("kvm1", "pidof ovs-vswitchd");
    const before = await guests.tell("kvm1", "p=$(pidof ovs-vswitchd); kill -9 $p; echo $p");
    await within(
      30,
      "another ovs-vswitchd",
      async () => (await guests.ask("kvm1", "pidof ovs-vswitchd")).code === 0,
    );
    expect(await pid()).not.toBe(before);
    await within(60, "the chain", passes);
    const led = await during(["m1", "m2"], async () => expect(await answered()).toBe(4));
    expect(Math.min(...led)).toBeGreaterThanOrEqual(8);
  });
});

describe("a chain that is taken away", () => {
  it("leaves no flow and no tunnel, and its ends talk without it", async () => {
    const look =
      `ovs-ofctl dump-flows vxbr ${COOKIES} | grep cookie=; ovs-vsctl list-ports vxbr | grep ^cf; ` +
      "ls /var/lib/vxlab | grep -x chains; echo end";
    expect(await guests.tell("kvm2", look)).toMatch(/cookie=0x5f[^]*\ncf[^]*\nchains\nend$/);
    const { c1, c2, c3 } = CONTAINERS;
    project.configure({ hosts: HOSTS, segments: { red: RED }, containers: { c1, c2, c3 } });
    good(await change(project, ["up"], { timeout: 900 }));
    for (const seen of await each((host) => guests.tell(host, look))) expect(seen).toBe("end");
    expect(await answered()).toBe(4);
    expect(await redChecks(project, "ping", "foreign")).toEqual([]);
    await guests.close();
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [])).toEqual([]);
  });
});
