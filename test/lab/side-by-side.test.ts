/** Two copies of the project run two labs on one machine, with the same addresses, and know nothing of each other. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { labOf } from "../lib/state";
import { redChecks } from "../lib/wait";

/** One host each, its container alone, the same addresses: the smallest labs that could disturb each other. */
const SETTINGS = {
  hosts: { kvm1: { address: "192.168.10.156" } },
  containers: { c1: { host: "kvm1", address: "10.0.3.10/24" } },
};

let left: Project;
let right: Project;
let ids: string[];

beforeAll(async () => {
  [left, right] = [await Project.create("left"), await Project.create("right")];
  for (const lab of [left, right]) lab.configure(SETTINGS);
  const ups = [left, right].map((lab) => lab.vxlab(["up", "--no-verify"], { timeout: 1200 }));
  for (const up of await Promise.all(ups)) good(up);
  ids = await Promise.all([left, right].map(async (lab) => (await labOf(lab)).id));
});

afterAll(async () => {
  await left?.destroy();
  await right?.destroy();
});

describe("two labs at once", () => {
  it("are both green", async () => {
    expect([await redChecks(left), await redChecks(right)]).toEqual([[], []]);
  });

  it("have namespaces, names, secrets and libvirts of their own", async () => {
    expect(left.namespace).not.toBe(right.namespace);
    expect(ids[0]).not.toBe(ids[1]);
    for (const [lab, id] of [
      [left, ids[0]],
      [right, ids[1]],
    ] as const) {
      const domains = good(await lab.virsh(["list", "--all", "--name"]));
      expect(domains.trim()).toBe(`vxlab-${id}-kvm1`);
    }
    const [one, two] = await Promise.all([labOf(left), labOf(right)]);
    expect(one.hosts[0]?.address).toBe(two.hosts[0]?.address);
    expect(one.hosts[0]?.hostKey).not.toBe(two.hosts[0]?.hostKey);
  });

  it("answer to one address, each in its own network", async () => {
    const [one, two] = await Promise.all([Guests.of(left), Guests.of(right)]);
    await one.tell("kvm1", "echo left >/root/side");
    await two.tell("kvm1", "echo right >/root/side");
    expect([await one.tell("kvm1", "cat /root/side"), await two.tell("kvm1", "cat /root/side")]).toEqual([
      "left",
      "right",
    ]);
    await one.close();
    await two.close();
  });
});

describe("one of them taken down", () => {
  it("leaves nothing, and the other as it was", async () => {
    const guests = await Guests.of(right);
    const before = [
      await guests.facts("kvm1"),
      await guests.tell("kvm1", "cut -d. -f1 /proc/uptime"),
    ] as const;
    good(await left.vxlab(["down"]));
    expect(remains(left, ids.slice(0, 1))).toEqual([]);
    expect(await redChecks(right)).toEqual([]);
    expect(await guests.facts("kvm1")).toEqual(before[0]);
    const uptime = Number(await guests.tell("kvm1", "cut -d. -f1 /proc/uptime"));
    expect(uptime).toBeGreaterThanOrEqual(Number(before[1]));
    await guests.close();
  });

  it("leaves nothing of the other either, when that goes too", async () => {
    good(await right.vxlab(["down"]));
    expect([...remains(left, ids.slice(0, 1)), ...remains(right, ids.slice(1))]).toEqual([]);
  });
});
