/**
 * What verify and status say of a lab in which somebody changed things by hand: each fault is made on real machines, named, and
 * healed by `up` where it is the lab's own.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { Guests } from "../lib/guests";
import { rootArchive } from "../lib/image-archive";
import { good, Project } from "../lib/project";
import { RemoteVtep } from "../lib/remote-vtep";
import { redChecks, within } from "../lib/wait";
import { impairments } from "./truth/impairments";
import { insideContainers } from "./truth/inside";
import { healed, SETTINGS, status } from "./truth/lab";

const DESIRED = "/var/lib/vxlab/desired";
const GUEST = "/usr/lib/vxlab/guest";

let project: Project;
let guests: Guests;
const lab = () => ({ project, guests });

beforeAll(async () => {
  project = await Project.create("truth");
  const a1 = { host: "kvm2", segment: "blue", address: "dhcp", rootfs: rootArchive(project) };
  const command = ["/.vxlab/busybox", "sleep", "1000000"];
  const files = { "/etc/motd": { content: "archive\n" } };
  Object.assign(SETTINGS.containers, { a1: { ...a1, command, files } });
  project.configure(SETTINGS);
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe("a lab that is as planned", () => {
  it("passes every check, and says what it did not ping", async () => {
    expect(await redChecks(project)).toEqual([]);
    expect(await status(lab())).toEqual({ faults: [], foreign: [] });
  });
});

describe("what changed by hand is named, and put right by up alone", () => {
  it("nothing, of which observe answers what was applied", async () => {
    for (const host of ["kvm1", "kvm2"])
      for (const { desired, found } of await guests.observed(host))
        expect(found).toEqual({ v: desired.v, state: desired.state });
  });

  it("flows, the gateway's rules, the DHCP server, desired state, a VLAN", async () => {
    const table = await guests.tell(
      "kvm1",
      "nft list tables | sed -n 's/^table inet \\(vxlab_.*_dservice\\)/\\1/p'",
    );
    expect(table).not.toBe("");
    await guests.tell(
      "kvm1",
      "ovs-ofctl add-flow vxbr priority=9,in_port=1,actions=drop; " +
        `ovs-ofctl add-flow bf200 priority=300,in_port=2,actions=output:1; nft delete table inet ${table}; ` +
        "kill $(cat /var/lib/vxlab/services/*/loop.pid) $(cat /var/lib/vxlab/services/*/dnsmasq.pid)",
    );
    await guests.tell(
      "kvm2",
      `ovs-ofctl del-flows bf200 in_port=2; rm ${DESIRED}/container-*-c2.json; ovs-vsctl set port v-b2 tag=0`,
    );
    const { faults } = await status(lab());
    const [first, ...more] = [
      "drift/kvm1: bf200: flow is not in the plan: priority=300,in_port=2 actions=output:1; bridge vxbr: flow is not part of the lab: ",
      "kept/kvm2: missing: container c2",
      "drift/kvm2: bf200: flow is missing: ",
      `service/blue: gw-blue: the nft table inet ${table} is missing`,
      "gw-blue: dnsmasq does not run",
      "gw-blue: the loop that restarts dnsmasq does not run",
      "container/b2: RUNNING, port v-b2 carries untagged frames instead of VLAN 20",
    ];
    const text = faults.join("\n");
    for (const part of [first, ...more]) expect(text).toContain(part);
    expect(faults).toHaveLength(5);
    const pids = { ...(await guests.facts("kvm1")).pids, ...(await guests.facts("kvm2")).pids };
    expect(await healed(lab())).toEqual([
      ...["lab-b2", "lab-c2"],
      ...["lab-kvm1-blue", "lab-kvm1-blue-service", "lab-kvm1-vxbr"],
      "lab-kvm2-blue",
    ]);
    expect(
      { ...(await guests.facts("kvm1")).pids, ...(await guests.facts("kvm2")).pids },
      "nothing restarts",
    ).toEqual(pids);
    expect(await status(lab())).toEqual({ faults: [], foreign: [] });
  });

  it("a plain pulumi does not look; without a look verify finds it, and applies it again", async () => {
    await guests.tell("kvm2", `rm ${DESIRED}/port-*-red.json`);
    const { steps } = await change(project, ["preview"]);
    expect(steps).toEqual([]);
    const { stderr } = await project.vxlab(["up", "--no-drift"], { timeout: 600 });
    expect(stderr).toContain("kvm2: port of VNI 100 applied again ");
    expect(stderr).not.toContain("updated   Command");
  });
});

insideContainers(lab);

describe("what no plan puts there", () => {
  it("is named: a container of this lab on another host, by its own; a foreign port, which is left alone", async () => {
    const state = await guests.tell("kvm1", `cat ${DESIRED}/container-*-c1.json`);
    await guests.tell("kvm2", `${GUEST} apply container`, 120, state);
    await guests.tell("kvm2", "ovs-vsctl add-port vxbr tap7 -- set interface tap7 type=internal");
    try {
      expect(await status(lab())).toEqual({
        faults: [
          "foreign/kvm2: not in the plan of this host: container c1 (running; planned on kvm1); foreign, left alone: port tap7 on vxbr",
        ],
        foreign: ["kvm2: port tap7 on vxbr"],
      });
    } finally {
      await guests.tell("kvm2", `${GUEST} remove container`, 120, state);
    }
    expect(await status(lab())).toEqual({ faults: [], foreign: ["kvm2: port tap7 on vxbr"] });
    await guests.tell("kvm2", "ovs-vsctl del-port tap7");
  });
});

describe("packets that are lost", () => {
  const cut = (rule: string) =>
    `nft 'table inet cut { chain c { type filter hook input priority 0; policy accept; ${rule} drop; }; }'`;

  it("on one way of a pair: which one is said", async () => {
    await guests.tell("kvm1", cut("ip saddr 192.168.10.222 udp dport 4789"));
    try {
      // Of the segment that is probed; the one beside it, which is as dead, has nobody who says so.
      await within(60, "BFD at both ends says so", async () => {
        const { faults } = await status(lab());
        const said = faults.map(
          (fault) => /^tunnel\/(kvm\d)\/vx100-\w+: BFD is (down|init) \(/.exec(fault)?.[1],
        );
        return said.join() === "kvm1,kvm2";
      });
      const { stdout } = await project.vxlab(["verify", "--only", "ping", "--json"], { timeout: 180 });
      const { checks } = JSON.parse(stdout) as { checks: { name: string; ok: boolean; got: string }[] };
      const red = checks.filter(({ name }) => /^ping\/c/.test(name));
      expect(red.map(({ name, ok, got }) => `${name} ${ok} ${got}`)).toEqual([
        "ping/c1/c2 false tried twice: no answer: requests reach kvm2 and replies reach kvm1, which drops them: " +
          "the path from kvm2 to kvm1 is cut at kvm1",
        "ping/c2/c1 false tried twice: no answer: requests reach kvm1, which drops them: the path from kvm2 to kvm1 is cut at kvm1",
      ]);
    } finally {
      await guests.tell("kvm1", "nft delete table inet cut");
    }
    expect(await status(lab()), "BFD is up again").toEqual({ faults: [], foreign: [] });
  });

  it("behind a gateway whose host has somebody else's rules: the chain is named", async () => {
    await guests.tell(
      "kvm1",
      "nft 'table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; }'",
    );
    try {
      const red = await redChecks(project);
      const chain =
        "gw-blue: what it forwards is dropped by a chain of somebody else: nft list chain ip filter FORWARD";
      expect(red).toEqual([`service/blue: ${chain}`, `beyond/blue: tried twice: no answer; ${chain}`]);
    } finally {
      await guests.tell("kvm1", "nft delete table ip filter");
    }
    expect(await redChecks(project)).toEqual([]);
  });
});

impairments(lab);

describe("checks of the settings", () => {
  const plain = { from: "c1", to: "c2" };
  const shut = { ...plain, kind: "tcp", port: 9, reach: false };
  const fast = { ...plain, kind: "throughput", atLeast: "10kbit" };
  const apart = { from: "b2", to: "10.0.3.10", reach: false };
  const upWith = (checks: object, segments: object = {}) => {
    project.configure({ ...SETTINGS, segments: { ...SETTINGS.segments, ...segments }, checks });
    return change(project, ["up"], { timeout: 600 });
  };
  const ran = (steps: string[]) => steps.filter((step) => step.endsWith("-step")).sort();

  it("run when they are new, and then no more", async () => {
    const { steps } = await upWith({ plain, shut, fast, apart });
    expect(ran(steps)).toEqual(
      ["apart", "fast", "plain", "shut"].map((name) => `create lab-check-${name}-step`),
    );
    expect((await change(project, ["preview"])).steps).toEqual([]);
  });

  it("hold for verify, too", async () => {
    const { code, stdout } = await project.vxlab(["verify", "--only", "check"], { timeout: 180 });
    expect(code, stdout).toBe(0);
    expect(stdout).toContain("4 checks passed, 0 failed");
  });

  it("run again when what they cross changes, and those alone", async () => {
    const red = { ...SETTINGS.segments.red, udpPort: 4799 };
    const { steps } = await upWith({ plain, shut, fast, apart }, { red });
    const checks = ran(steps).filter((step) => step.includes("-check-"));
    expect(checks).toContain("update lab-check-plain-step");
    const blue = { ...SETTINGS.segments.blue, vni: 201 };
    const other = await upWith({ plain, shut, fast, apart }, { red, blue });
    // b2 has no route to red, and what is between is not known: everything is.
    expect(ran(other.steps).filter((step) => step.includes("-check-"))).toEqual([
      "update lab-check-apart-step",
    ]);
  });

  it.each([
    [
      "a port where nobody listens",
      { ...plain, kind: "tcp", port: 9, within: 2 },
      "c1 does not reach c2 (10.0.3.11) by TCP, port 9, within 2 s: connection refused",
    ],
    [
      "reached, and must not be",
      { ...plain, reach: false, within: 2 },
      "c1 reaches c2 (10.0.3.11) and must not: answered in ",
    ],
    [
      "more than the way carries",
      { ...plain, kind: "throughput", atLeast: "99gbit", within: 2 },
      "from c1 to c2 (10.0.3.11) and back: ",
    ],
  ])("fail up, in one sentence: %s", async (_, check, sentence) => {
    project.configure({ ...SETTINGS, checks: { wrong: check } });
    const { code, stderr } = await project.vxlab(["up"], { timeout: 600 });
    expect(code).toBe(1);
    expect(stderr).toContain(`vxlab: check wrong: ${sentence}`);
    // The lab is there, and its commands work.
    const verified = await project.vxlab(["verify", "--only", "check", "--only", "ssh"], { timeout: 180 });
    expect(verified.stdout).toContain("FAIL  check/wrong");
    expect(verified.stdout).toContain("2 checks passed, 1 failed");
  });
});

describe("a remote VTEP that no stack has", () => {
  it("is reached with full packets, and reaches both hosts; without its setting it does not", async () => {
    const hosts = Object.values(SETTINGS.hosts).map(({ address }) => address);
    const far = await RemoteVtep.create(project, {
      vtep: "192.168.10.77",
      vni: 100,
      inside: "10.0.3.200/24",
      hosts,
    });
    try {
      const red = { ...SETTINGS.segments.red, bfd: false, remotes: ["192.168.10.77"] };
      const out = { from: "c1", to: "10.0.3.200", within: 60 };
      project.configure({ ...SETTINGS, segments: { ...SETTINGS.segments, red }, checks: { out } });
      good(await change(project, ["up"], { timeout: 600 }));
      for (const from of ["c1", "c2"]) {
        expect((await guests.ping(from, "-c 3 -W 9 -M do -s 1422 10.0.3.200")).code, from).toBe(0);
        expect(
          await far.connect(
            guests.lab.containers
              .find(({ name }) => name === from)
              ?.interfaces[0]?.addresses[0]?.split("/")[0] ?? "",
          ),
        ).toBe("ECONNREFUSED");
      }
      // As after five minutes of silence.
      for (const host of ["kvm1", "kvm2"]) await guests.tell(host, "ovs-appctl fdb/flush vxbr");
      expect((await guests.ping("c1", "-c 3 -W 9 10.0.3.200")).code).toBe(0);
      project.configure(SETTINGS);
      good(await change(project, ["up"], { timeout: 600 }));
      expect((await guests.ping("c1", "-c 3 -W 2 10.0.3.200")).code, "the control").toBe(1);
    } finally {
      await far.remove();
    }
  });
});

describe("what the overlay costs", () => {
  it("is measured beside the underlay: 50 bytes, two MTUs, round trips, throughput", async () => {
    const { code, stdout, stderr } = await project.vxlab(["measure", "c1", "c2", "--json"], { timeout: 400 });
    expect(code, stdout + stderr).toBe(0);
    const found = JSON.parse(stdout) as Record<
      "underlay" | "overlay",
      { mtu: number; fits: boolean; throughput: number }
    >;
    expect(found).toMatchObject({
      ...{ segment: "red", overhead: 50 },
      underlay: { mtu: 1500, fits: true, warm: { answers: 20 } },
      overlay: { mtu: 1450, fits: true, warm: { answers: 20 } },
    });
    expect(found.underlay.throughput).toBeGreaterThan(100_000);
    expect(found.overlay.throughput).toBeGreaterThan(100_000);
  });
});
