/** The reference lab on real machines: one lab for all steps, in order, from nothing to nothing. More: test/long/reference.test.ts. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { broadcasts, onceEach } from "../lib/broadcasts";
import { capture, keepPinging } from "../lib/capture";
import { change } from "../lib/changes";
import { captured, everyDay } from "../lib/everyday";
import { Guests, type Facts } from "../lib/guests";
import { ArgumentWatch, leaksIn, textsBelow } from "../lib/leaks";
import { good, Project } from "../lib/project";
import { deployer, expectExactly } from "../lib/reference-lab";
import { remains } from "../lib/remains";
import { nameOf, secretsOf, stateOf } from "../lib/state";
import { greenWithin, redChecks, within } from "../lib/wait";
import { vxlanPackets } from "../lib/wire";
import { secondCopy } from "./reference/second-copy";

const KVM = {
  kvm1: { address: "192.168.10.156", bridgeAddress: "10.1.2.10/24" },
  kvm2: { address: "192.168.10.222", bridgeAddress: "10.1.2.11/24" },
};
const C1 = { host: "kvm1", address: "10.0.3.10/24" };
const C2 = { host: "kvm2", address: "10.0.3.11/24" };
/** The steps of a change that concerns the tunnels only. */
const TUNNELS = ["kvm1-red", "kvm1-red-step", "kvm2-red", "kvm2-red-step"].map(
  (name) => `update lab-${name}`,
);

/** Words that any layer between the setting and the container could trip over. */
const CANARY = "/tmp/vxlab-canary";
const HOSTILE = [
  `$(touch ${CANARY})`,
  `\`touch ${CANARY}\``,
  `'; touch ${CANARY}; '`,
  `"; touch ${CANARY}; "`,
  `\\"$(touch ${CANARY})\\'`,
  "two\nlines",
  "\ttab and  two blanks ",
  "-n",
  "%s %d \\n \\0",
  "${HOME} $1 * ? [a-z] ~ ! #",
  "žluťoučký kůň 🐎",
];

let lab: Project;
let guests: Guests;
let said = "";
let words = "";

const { configure, deploy } = deployer(() => lab);

const domainOf = (host: string) => guests.lab.hosts.find(({ name }) => name === host)?.domain ?? "";
const facts = (): Promise<Facts[]> => Promise.all([guests.facts("kvm1"), guests.facts("kvm2")]);
const lasting = (all: Facts[]) => all.map(({ pids, macs }) => ({ pids, macs }));

/** What `work` returns, after which no ping between the first two hosts was lost. */
async function withoutLoss<T>(work: () => Promise<T>): Promise<T> {
  const pings = await keepPinging(guests, "c1", "10.0.3.11");
  const result = await work();
  const { lost, sent } = await pings.end();
  expect(lost).toEqual([]);
  expect(sent).toBeGreaterThan(20);
  return result;
}

beforeAll(async () => {
  lab = await Project.create("reference");
  const watch = new ArgumentWatch();
  const up = await lab.vxlab(["up"], { timeout: 1200 });
  words = watch.end();
  said = up.stdout + up.stderr;
  good(up);
  guests = await Guests.of(lab);
});

// Force, for when a test has failed; that `down` leaves nothing is the last test's to say.
afterAll(() => lab?.destroy());

describe("from nothing", () => {
  it("ends with every check green, and with the table that says so", () => {
    expect(said).toMatch(/^ {2}ok {4}ping\/c1\/c2/m);
    expect(said).toMatch(/^\d+ checks passed, 0 failed$/m);
    expect(said).not.toContain("FAIL");
  });

  it("has containers that ping each other, both ways", async () => {
    const there = await lab.vxlab(["exec", "c1", "--", "ping", "-c", "2", "10.0.3.11"]);
    const back = await lab.vxlab(["exec", "c2", "--", "ping", "-c", "2", "10.0.3.10"]);
    expect(good(there)).toContain("2 packets transmitted, 2 packets received");
    expect(good(back)).toContain("2 packets transmitted, 2 packets received");
  });

  it("carries their packets in VXLAN with VNI 100 on UDP 4789, switched by the kernel", async () => {
    // The datapath of Open vSwitch's own program would be netdev@ovs-netdev (ovs-dpctl(8)).
    expect(await guests.tell("kvm2", "ovs-appctl dpctl/dump-dps")).toBe("system@ovs-system");
    const packets = await capture(guests, "kvm2", "tcpdump -i eth0 -nn -x -l udp port 4789");
    good(await guests.ping("c1", "-c 3 10.0.3.11"));
    const outer = { from: "192.168.10.156", to: "192.168.10.222", udpPort: 4789 };
    const inner = { from: "10.0.3.10", to: "10.0.3.11" };
    expect(vxlanPackets(await packets())).toContainEqual({ outer, vni: 100, inner });
  });

  it("passes a packet of exactly the MTU, and refuses one byte more", async () => {
    await expectExactly(guests, 1450);
  });

  it("is captured by one command: as text with VXLAN decoded, and as a file for Wireshark", () =>
    captured(lab, guests));

  it("has commands for every day: capture to stdout, cp, restart, logs, forward, inventory", () =>
    everyDay(lab, guests));

  it("is drawn, and said to be as desired", async () => {
    const drawings = await Promise.all(["mermaid", "svg"].map((form) => lab.vxlab(["graph", "-f", form])));
    const [mermaid = "", svg = ""] = drawings.map(good);
    expect(mermaid).toMatch(/^flowchart /);
    expect(svg.trim()).toMatch(/^<svg [\s\S]*<\/svg>$/);
    for (const drawing of [mermaid, svg])
      for (const word of [/\bc1\b/, /\bkvm2\b/, /\bVNI 100\b/]) expect(drawing).toMatch(word);
    const status = good(await lab.vxlab(["status"]));
    expect(status).toMatch(
      /^vx100-c0a80ade +kvm1 +kvm2 +192\.168\.10\.222 +red +100 +4789 +up \(ofport \d+\)$/m,
    );
    expect(status).toMatch(/^c2 +kvm2 +red +10\.0\.3\.11\/24 +RUNNING +\d+$/m);
    expect(status).toMatch(/^everything is as desired$/m);
  });

  it("tells no secret to anybody", async () => {
    const { needles } = await secretsOf(lab, ["kvm1", "kvm2"]);
    const texts = {
      "output of up": said,
      "arguments of processes": words + new ArgumentWatch().end(),
      "stack output": good(await lab.pulumi(["stack", "output", "--json"])),
      "stack export": good(await lab.pulumi(["stack", "export"])),
      "domain XML": good(await lab.virsh(["dumpxml", domainOf("kvm1")])),
      "kernel line": await guests.tell("kvm1", "cat /proc/cmdline"),
      status: good(await lab.vxlab(["status", "--json"])),
      // But the engine and the plugins, what the tests put there, and the disks, where the host key has to be.
      ...textsBelow(lab.paths.dot, ["pulumi-home", "test-ssh", "libvirt/lib/images"]),
    };
    const known = ["log/up.log", "state/.pulumi/stacks/vxlab/lab.json", "libvirt/log/libvirtd.log"];
    expect(Object.keys(texts)).toEqual(expect.arrayContaining(known));
    expect(leaksIn(texts, needles)).toEqual([]);
    expect(statSync(join(lab.paths.dot, "libvirt")).mode & 0o077).toBe(0);
  });

  it("would notice a secret", async () => {
    const { loginKey, needles } = await secretsOf(lab, ["kvm1"]);
    const host = await guests.tell("kvm1", "cat /etc/ssh/ssh_host_ed25519_key");
    const places = leaksIn({ host, login: loginKey, none: "x" }, needles).map((leak) => leak.split(",")[0]);
    expect([...new Set(places)]).toEqual(["host: key of kvm1", "login: key of login"]);
  });

  it("costs at most ten resources for each host, everything counted", async () => {
    const names = (await stateOf(lab)).map(({ urn }) => nameOf(urn));
    const of = (host: string, box: string) => names.filter((name) => belongs(name, host, box)).length;
    const [one, two] = [of("kvm1", "c1"), of("kvm2", "c2")];
    expect([one, two]).toEqual([10, 10]);
    // The lab's own, for any number of hosts: stack, lab, id, secret; providers (libvirt, command, random, and the engine's own,
    // by which the program reads what drifted); underlay
    // and its network; image with pool, root, kernel, initrd.
    expect(names.length - one - two).toBe(15);
  });
});

function belongs(name: string, ...owners: string[]): boolean {
  return owners.some((owner) => name === `lab-${owner}` || name.startsWith(`lab-${owner}-`));
}

describe("again", () => {
  it("changes nothing: preview, refresh, up, preview", async () => {
    const before = await facts();
    for (const verb of ["preview", "refresh", "up", "preview"]) {
      const { code, steps, stdout } = await change(lab, [verb, "--expect-no-changes"]);
      expect([verb, code, steps], stdout).toEqual([verb, 0, []]);
    }
    expect(await facts()).toEqual(before);
  });

  it("changes nothing on a host when every step is applied twice more", async () => {
    const look = "ovs-vsctl show; ovs-ofctl dump-ports-desc vxbr; ip address; cat /var/lib/vxlab/desired/*";
    const before = [await guests.facts("kvm2"), await guests.tell("kvm2", look)];
    const apply =
      "cd /var/lib/vxlab/desired && for file in bridge-* port-* container-*; do " +
      "for n in 1 2; do /usr/lib/vxlab/guest apply ${file%%-*} <$file || exit; done; done";
    const answers = (await guests.tell("kvm2", apply, 120)).split("\n");
    expect(answers).toHaveLength(6);
    answers.forEach((line) => expect(() => JSON.parse(line) as unknown).not.toThrow());
    expect([await guests.facts("kvm2"), await guests.tell("kvm2", look)]).toEqual(before);
  });
});

describe("a change", () => {
  it("to the list of containers takes one away and nothing else, and brings it back", async () => {
    const [kvm1, kvm2] = await facts();
    const gone = await deploy({ containers: { c1: C1 } });
    expect(gone).toEqual(["delete lab-c2", "delete lab-c2-step", "update lab"]);
    expect(await guests.facts("kvm1")).toEqual(kvm1);
    const left = await guests.tell("kvm2", "ls /var/lib/vxlab/containers; ovs-vsctl list-ports vxbr");
    expect(left).toBe("vx100-c0a80a9c");
    const back = await deploy({ containers: { c1: C1, c2: C2 } });
    expect(back).toEqual(["create lab-c2", "create lab-c2-step", "update lab"]);
    expect(await guests.facts("kvm1")).toEqual(kvm1);
    expect((await guests.facts("kvm2")).macs).toEqual(kvm2?.macs);
    good(await guests.ping("c1", "-c 2 10.0.3.11"));
  });

  it("of the VNI is readable in the preview, and touches the tunnels only", async () => {
    const before = await facts();
    configure({ segments: { red: { vni: 200, subnet: "10.0.3.0/24" } } });
    expect(good(await lab.pulumi(["preview", "--diff"]))).toMatch(/\bvni\s*: 100 => 200/);
    expect(await deploy({})).toEqual(["update lab", ...TUNNELS]);
    good(await guests.ping("c1", "-c 2 10.0.3.11"));
    expect(lasting(await facts())).toEqual(lasting(before));
    const options = "ovs-vsctl --bare --columns=options find interface type=vxlan";
    expect(await guests.tell("kvm1", options)).toContain(" key=200 ");
  });
});

describe("a third host", () => {
  let before: Facts[];

  it("joins without a lost ping between the others", async () => {
    before = await facts();
    const command = ["/bin/sh", "-c", "sleep 1000000; :", "sh", ...HOSTILE];
    const steps = await withoutLoss(() =>
      deploy({
        hosts: { ...KVM, kvm3: { address: "192.168.10.30" } },
        containers: { c1: C1, c2: C2, c3: { host: "kvm3", address: "10.0.3.12/24", command } },
      }),
    );
    const others = steps.filter((step) => !belongs(step.replace("create ", ""), "kvm3", "c3"));
    expect(others).toEqual(["update lab", ...TUNNELS]);
    expect(steps.length - others.length).toBe(10);
    expect(await redChecks(lab)).toEqual([]);
  });

  it("leaves port numbers, MACs and containers of the others as they were", async () => {
    const after = await facts();
    expect(lasting(after)).toEqual(lasting(before));
    after.forEach(({ ofports }, index) => expect(ofports).toMatchObject(before[index]?.ofports ?? {}));
  });

  it("sees each broadcast once, as everybody does: the mesh does not loop", async () => {
    await guests.close();
    guests = await Guests.of(lab);
    const ends = ["c1", "c2", "c3"].map((container) => ({
      ...{ container, nic: "eth0", segment: "red", broadcast: "10.0.3.255" },
    }));
    expect(await broadcasts(guests, ends)).toEqual(onceEach(ends));
  });

  it("runs a command of hostile words as written, and nothing of it anywhere else", async () => {
    const pid = (await guests.facts("kvm3")).pids["c3"];
    const line = Buffer.from(await guests.tell("kvm3", `base64 -w 0 /proc/${pid}/cmdline`), "base64");
    expect(line.toString("utf8").split("\0").slice(4, -1)).toEqual(HOSTILE);
    expect(existsSync(CANARY)).toBe(false);
    const places = `${CANARY} /var/lib/vxlab/containers/c3/rootfs${CANARY}`;
    expect(await guests.tell("kvm3", `ls ${places} 2>/dev/null || :`)).toBe("");
  });

  it("leaves as it came, again without a lost ping", async () => {
    const steps = await withoutLoss(() => deploy({ hosts: KVM, containers: { c1: C1, c2: C2 } }));
    const others = steps.filter((step) => !belongs(step.replace("delete ", ""), "kvm3", "c3"));
    expect(others).toEqual(["update lab", ...TUNNELS]);
    expect(await facts()).toEqual(before);
    expect(good(await lab.virsh(["list", "--all", "--name"]))).not.toContain("kvm3");
    good(await guests.ping("c1", "-c 2 10.0.3.11"));
  });
});

secondCopy(() => ({ project: lab, guests }));

describe("comes back by itself", () => {
  // ovs-vswitchd: test/lab/fabric.test.ts, with a reboot.
  it("after SIGKILL of ovsdb-server, within 30 s", async () => {
    const daemon = "ovsdb-server";
    const before = await guests.tell("kvm2", `pidof ${daemon}`);
    await guests.tell("kvm2", `kill -KILL ${before}`);
    const started = Date.now();
    await within(30, `${daemon} runs again`, async () => {
      const { stdout } = await guests.ask("kvm2", `pidof ${daemon}`);
      return stdout.trim() !== "" && stdout.trim() !== before;
    });
    await greenWithin(30 - (Date.now() - started) / 1000, lab);
  });
});

describe("down", () => {
  it("leaves nothing, and a second one has nothing to do", async () => {
    await guests.close();
    for (const time of ["first", "second"]) {
      good(await lab.vxlab(["down"]));
      expect([time, ...remains(lab, [guests.lab.id])]).toEqual([time]);
    }
  });
});
