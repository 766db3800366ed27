/**
 * What verify, status and drift say of a lab in which somebody changed things by hand: each fault is made on real machines, named, and
 * repaired by `up` where it is the lab's own.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { Guests } from "../lib/guests";
import { rootArchive } from "../lib/image-archive";
import { good, Project } from "../lib/project";
import { RemoteVtep } from "../lib/remote-vtep";
import { redChecks, verdicts, within } from "../lib/wait";
import { drifts } from "./truth/drift";
import { impairments } from "./truth/impairments";
import { insideContainers } from "./truth/inside";
import { AT_FIRST, CHECKS, SETTINGS, status } from "./truth/lab";

/** Of red, on each host. */
const TUNNEL = { kvm1: "vx100-c0a80ade", kvm2: "vx100-c0a80a9c" };

let project: Project;
let guests: Guests;
const lab = () => ({ project, guests });

beforeAll(async () => {
  project = await Project.create("truth");
  const a1 = { host: "kvm2", segment: "blue", address: "dhcp", rootfs: rootArchive(project) };
  const command = ["/.vxlab/busybox", "sleep", "1000000"];
  const files = { "/etc/motd": { content: "archive\n" } };
  Object.assign(SETTINGS.containers, { a1: { ...a1, command, files } });
  project.configure({ ...SETTINGS, containers: { ...SETTINGS.containers, ...AT_FIRST } });
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe("a lab that is as planned", () => {
  it("passes every check, and observe answers what was applied", async () => {
    expect(await redChecks(project)).toEqual([]);
    for (const host of ["kvm1", "kvm2"])
      for (const { desired, found } of await guests.observed(host))
        expect(found).toEqual({ v: desired.v, state: desired.state });
  });
});

insideContainers(lab);

drifts(lab);

describe("drift that nobody looks for", () => {
  it("is not seen by a plain pulumi; verify finds it, and applies it again", async () => {
    await guests.tell("kvm2", "rm /var/lib/vxlab/desired/port-*-red.json");
    const { steps } = await change(project, ["preview"]);
    expect(steps).toEqual([]);
    const { stderr } = await project.vxlab(["up", "--no-drift"], { timeout: 600 });
    expect(stderr).toContain("kvm2: port of VNI 100 applied again ");
    expect(stderr).not.toContain("updated   Command");
  });
});

describe("packets that are lost", () => {
  const cut = (rule: string) =>
    `nft 'table inet cut { chain c { type filter hook input priority 0; policy accept; ${rule} drop; }; }'`;

  const bfd = (host: keyof typeof TUNNEL) =>
    guests.tell(host, `ovs-vsctl get interface ${TUNNEL[host]} bfd_status:state`);
  const bothEnds = (what: string, is: (state: string) => boolean) =>
    within(60, what, async () => is(await bfd("kvm1")) && is(await bfd("kvm2")));

  /** What c1 and c2 know of each other. */
  const know = async (state: "permanent" | "stale") => {
    const change = (box: string, to: string) =>
      guests.tell(guests.hostOf(box), guests.inside(box, `ip neigh change ${to} dev eth0 nud ${state}`));
    await Promise.all([change("c1", "10.0.3.11"), change("c2", "10.0.3.10")]);
  };

  it("on one way of a pair: which one is said", async () => {
    // A neighbour that has to be asked for answers nothing, and what is lost is then the question for its MAC.
    await guests.ping("c1", "-c 2 10.0.3.11");
    await know("permanent");
    await guests.tell("kvm1", cut("ip saddr 192.168.10.222 udp dport 4789"));
    try {
      const red = await verdicts(project, "ping/c1/c2", "ping/c2/c1");
      expect(red.map(({ name, ok, got }) => `${name} ${ok} ${got}`)).toEqual([
        "ping/c1/c2 false tried twice: no answer: requests reach kvm2 and replies reach kvm1, which drops them: " +
          "the path from kvm2 to kvm1 is cut at kvm1",
        "ping/c2/c1 false tried twice: no answer: requests reach kvm1, which drops them: the path from kvm2 to kvm1 is cut at kvm1",
      ]);
      // Of the segment that is probed; the one beside it, which is as dead, has nobody who says so.
      await bothEnds("BFD is down", (state) => state !== "up");
      await within(60, "both ends say so", async () => {
        const { faults } = await status(lab());
        const said = faults.map(
          (fault) => /^tunnel\/(kvm\d)\/vx100-\w+: BFD is (down|init) \(/.exec(fault)?.[1],
        );
        return said.join() === "kvm1,kvm2";
      });
    } finally {
      await guests.tell("kvm1", "nft delete table inet cut");
      await know("stale");
    }
    await bothEnds("BFD is up again", (state) => state === "up");
    expect(await redChecks(project, "tunnel", "ping/c1/c2")).toEqual([]);
  });

  it("behind a gateway whose host has somebody else's rules: the chain is named", async () => {
    const checks = () => redChecks(project, "service", "beyond", "gateway");
    await guests.tell(
      "kvm1",
      "nft 'table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; }'",
    );
    try {
      const chain =
        "gw-blue: what it forwards is dropped by a chain of somebody else: nft list chain ip filter FORWARD";
      expect(await checks()).toEqual([
        `service/blue: ${chain}`,
        `beyond/blue: tried twice: no answer; ${chain}`,
      ]);
    } finally {
      await guests.tell("kvm1", "nft delete table ip filter");
    }
    expect(await checks()).toEqual([]);
  });
});

impairments(lab);

describe("checks of the settings", () => {
  it("run when they are new, and then no more; they hold for verify, too", async () => {
    project.configure({ ...SETTINGS, checks: CHECKS });
    const up = await change(project, ["up"], { timeout: 600 });
    good(up);
    expect(up.steps.filter((step) => step.endsWith("-step"))).toEqual(
      ["apart", "fast", "plain", "shut"].map((name) => `create lab-check-${name}-step`),
    );
    expect((await change(project, ["preview"])).steps).toEqual([]);
    const { code, stdout } = await project.vxlab(["verify", "--only", "check"], { timeout: 180 });
    expect(code, stdout).toBe(0);
    expect(stdout).toContain("4 checks passed, 0 failed");
  });

  it("run again when what they cross changes, and those alone", async () => {
    const blue = { ...SETTINGS.segments.blue, vni: 201 };
    project.configure({ ...SETTINGS, segments: { ...SETTINGS.segments, blue }, checks: CHECKS });
    const { steps } = await change(project, ["up"], { timeout: 600 });
    // b2 has no route to red, and what is between is not known: everything is.
    expect(steps.filter((step) => step.endsWith("-step") && step.includes("-check-"))).toEqual([
      "update lab-check-apart-step",
    ]);
  });

  // A rate is measured after all else, and so not after a failure.
  it.each([
    [
      "a port where nobody listens, and reached where they must not be",
      {
        refused: { ...CHECKS.plain, kind: "tcp", port: 9, within: 2 },
        reached: { ...CHECKS.plain, reach: false, within: 2 },
      },
      [
        "refused: c1 does not reach c2 (10.0.3.11) by TCP, port 9, within 2 s: connection refused",
        "reached: c1 reaches c2 (10.0.3.11) and must not: answered in ",
      ],
    ],
    [
      "more than the way carries",
      { slow: { ...CHECKS.plain, kind: "throughput", atLeast: "99gbit", within: 2 } },
      ["slow: from c1 to c2 (10.0.3.11) and back: "],
    ],
  ])("fail up, each in one sentence: %s", async (_, checks, sentences) => {
    project.configure({ ...SETTINGS, checks });
    const { code, stderr } = await project.vxlab(["up"], { timeout: 600 });
    expect(code).toBe(1);
    for (const sentence of sentences) expect(stderr).toContain(`vxlab: check ${sentence}`);
    // The lab is there, and its commands work.
    const verified = await project.vxlab(["verify", "--only", "check", "--only", "ssh"], { timeout: 180 });
    for (const name of Object.keys(checks)) expect(verified.stdout).toContain(`FAIL  check/${name}`);
    expect(verified.stdout).toContain(`2 checks passed, ${sentences.length} failed`);
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
