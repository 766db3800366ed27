/** The reference lab, what test/lab/reference.test.ts leaves out: what it costs, and edits that rebuild one machine or all. */
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { Console } from "../lib/console";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { deployer, expectExactly } from "../lib/reference-lab";
import { greenWithin, within } from "../lib/wait";

const KVM = {
  kvm1: { address: "192.168.10.156", bridgeAddress: "10.1.2.10/24" },
  kvm2: { address: "192.168.10.222", bridgeAddress: "10.1.2.11/24" },
};
const C1 = { host: "kvm1", address: "10.0.3.10/24" };
const C2 = { host: "kvm2", address: "10.0.3.11/24" };

let lab: Project;
let guests: Guests;

const { configure, deploy } = deployer(() => lab);

const domainOf = (host: string) => guests.lab.hosts.find(({ name }) => name === host)?.domain ?? "";
const belongs = (name: string, ...owners: string[]): boolean =>
  owners.some((owner) => name === `lab-${owner}` || name.startsWith(`lab-${owner}-`));

beforeAll(async () => {
  lab = await Project.create("reference-long");
  good(await lab.vxlab(["up", "--no-verify"], { timeout: 1200 }));
  guests = await Guests.of(lab);
});

afterAll(async () => {
  await guests?.close();
  await lab?.destroy();
});

describe("an up that changes nothing", () => {
  it("needs no preview to say so: ./vxlab up previews after an edit only", async () => {
    for (const previews of [true, false]) {
      if (previews) utimesSync(join(lab.root, "Pulumi.yaml"), new Date(), new Date());
      const { code, stdout, stderr } = await lab.vxlab(["up", "--no-verify"], { timeout: 300 });
      expect([code, /pulumi preview/.test(stdout + stderr)], stderr).toEqual([0, previews]);
    }
  });
});

describe("comes back by itself", () => {
  // 11 s alone under emulation (docs/measurements.md); here the lab's other machine and another test's lab run beside it.
  it("after the reboot of a guest, within 120 s under emulation", async () => {
    const boot = () => guests.ask("kvm1", "cat /proc/sys/kernel/random/boot_id", 15);
    const before = good(await boot());
    const console = await Console.of(lab, domainOf("kvm1"));
    await lab.vxlab(["ssh", "kvm1", "--", "reboot"]);
    await guests.hangUp("kvm1");
    await console.during(() => greenWithin(120, lab));
    expect(good(await boot())).not.toBe(before);
  });

  it.each(["ovs-vswitchd", "ovsdb-server"])("after SIGKILL of %s, within 30 s", async (daemon) => {
    const before = await guests.tell("kvm2", `pidof ${daemon}`);
    await guests.tell("kvm2", `kill -KILL ${before}`);
    const started = Date.now();
    await within(30, `${daemon} runs again`, async () => {
      const { stdout } = await guests.ask("kvm2", `pidof ${daemon}`);
      return stdout.trim() !== "" && stdout.trim() !== before;
    });
    await greenWithin(30 - (Date.now() - started) / 1000, lab);
  });

  it("after a machine was stopped by hand: refresh sees it, up starts it", async () => {
    good(await lab.virsh(["destroy", domainOf("kvm2")]));
    await guests.hangUp("kvm2");
    const { steps, stdout, code } = await change(lab, ["refresh"]);
    expect([code, steps], stdout).toEqual([0, ["update lab-kvm2-domain"]]);
    const up = await change(lab, ["up"], { timeout: 600 });
    expect([up.code, up.steps], up.stdout).toEqual([0, ["update lab-kvm2-domain"]]);
    await greenWithin(120, lab);
  });
});

describe("what the overlay costs", () => {
  it("is measured beside the underlay: 50 bytes, two MTUs, round trips, throughput", async () => {
    const { code, stdout, stderr } = await lab.vxlab(["measure", "c1", "c2", "--json"], { timeout: 400 });
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

  it("is an output of a program's component, measured again when its text changes, and gone with it", async () => {
    const file = join(lab.root, "stacks", "lab.ts");
    const program = readFileSync(file, "utf8");
    const deployed = async (again: string) => {
      const cost =
        'new OverlayCost("cost", { host: made.hosts["kvm1"] as KvmHost, from: "c1", to: "10.0.3.11", ' +
        `beside: "192.168.10.222", again: ["${again}"] }, { dependsOn: [made] })`;
      writeFileSync(
        file,
        `import { KvmHost, OverlayCost } from "../components";\n${program}`.replace(
          /const \{ lab \} = (new VxlanLab[^;]*;)[^]*?return \{ lab \};/,
          `const made = $1 const cost = ${cost}; const { overhead, overlay, underlay } = cost;
          return { lab: made.lab, cost: pulumi.output({ overhead, overlay, underlay }) } as LabOutputs;`,
        ),
      );
      const { code, steps, stdout, stderr } = await change(lab, ["up"], { timeout: 600 });
      expect(code, stdout + stderr).toBe(0);
      return steps;
    };
    expect(await deployed("one")).toEqual(["create cost", "create cost-step"]);
    const outputs = JSON.parse(good(await lab.pulumi(["stack", "output", "--json"]))) as { cost: unknown };
    console.log(`the component's outputs: ${JSON.stringify(outputs.cost)}`);
    const some = expect.any(Number) as number;
    const way = (mtu: number) => ({ mtu, cold: some, warm: some, throughput: some });
    expect(outputs.cost).toEqual({ overhead: 50, overlay: way(1450), underlay: way(1500) });
    expect(await deployed("one")).toEqual([]);
    expect(await deployed("two")).toEqual(["update cost", "update cost-step"]);
    writeFileSync(file, program);
    expect((await change(lab, ["up"], { timeout: 600 })).steps).toEqual(["delete cost", "delete cost-step"]);
  });
});

describe("more memory for one machine", () => {
  const rebuilt = ["kvm2-domain", "kvm2-vxbr-step", "kvm2-red-step", "c2-step"].map((name) => `lab-${name}`);

  it("is readable in the preview, and rebuilds that machine and what is in it, nothing else", async () => {
    const kvm1 = await guests.facts("kvm1");
    configure({ hosts: { ...KVM, kvm2: { ...KVM.kvm2, memory: 288 } } });
    expect(good(await lab.pulumi(["preview", "--diff"]))).toMatch(/\bmemory\s*: 256 => 288/);
    const steps = await deploy({});
    const touched = [...new Set(steps.map((step) => step.split(" ")[1] ?? ""))];
    expect(touched).toEqual(expect.arrayContaining(rebuilt));
    expect(touched.filter((name) => name !== "lab" && !belongs(name, "kvm2", "c2"))).toEqual([]);
    await guests.hangUp("kvm2");
    expect(await guests.facts("kvm1")).toEqual(kvm1);
    await greenWithin(60, lab);
    const memory = Number(
      await guests.tell("kvm2", "awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo"),
    );
    expect(memory).toBeGreaterThan(230);
    good(await guests.ping("c1", "-c 2 10.0.3.11"));
  });
});

describe("another network of the underlay", () => {
  // kvm2 gets the number in it that kvm1 had: an old address is nobody's, and a number of it somebody else's.
  const hosts = {
    kvm1: { ...KVM.kvm1, address: "192.168.11.30" },
    kvm2: { ...KVM.kvm2, address: "192.168.11.156" },
  };

  // Machines that go for their network's sake: no old step's removal may ask for them, or reach what the new steps made.
  it("with jumbo frames, other addresses and a container less rebuilds all, which is there again, in one up", async () => {
    for (const host of ["kvm1", "kvm2"]) await guests.hangUp(host);
    const c3 = { host: "kvm1", address: "10.0.3.12/24" };
    await deploy({ containers: { c1: C1, c2: C2, c3 } });
    const underlay = { cidr: "192.168.11.0/24", mtu: 9000 };
    const steps = await deploy({ underlay, hosts, containers: { c1: C1, c2: C2 } });
    expect(steps).toEqual(expect.arrayContaining(["delete lab-c3", "delete-replaced lab-kvm1-domain"]));
    expect(await deploy({})).toEqual([]);
  });

  it("passes every check, with the new addresses and nothing of the old ones", async () => {
    await guests.close();
    guests = await Guests.of(lab);
    await greenWithin(60, lab);
    await expectExactly(guests, 8950);
    expect(await guests.tell("kvm1", "ls /var/lib/vxlab/containers")).toBe("c1");
    const network = `vxlab-${guests.lab.id}-underlay`;
    expect(good(await lab.virsh(["net-list", "--all", "--name"])).trim()).toBe(network);
    const dumped = good(await lab.virsh(["net-dumpxml", network]));
    expect(dumped).toContain("192.168.11.1'");
    const addresses = good(
      await lab.run("ip", ["netns", "exec", lab.namespace, "ip", "-o", "-4", "address"]),
    );
    expect(addresses).not.toContain("192.168.10.");
    const seeds = good(await lab.virsh(["vol-list", `vxlab-${guests.lab.id}-pool`]));
    expect(seeds.match(/-seed-/g)).toHaveLength(4); // name and path of each
  });
});
