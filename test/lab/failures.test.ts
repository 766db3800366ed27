/**
 * An `up` that failed or was cut off is mended by running it again; taken down after a failure, a lab leaves nothing. More:
 * test/long/failures.test.ts and cuts.test.ts.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { cutOff } from "../lib/cuts";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { redChecks } from "../lib/wait";

/** Others with VXLAB_CUTS and VXLAB_SEED; `./vxlab test --long` makes a hundred. */
const COUNT = Number(process.env["VXLAB_CUTS"] ?? 10);
const SEED = Number(process.env["VXLAB_SEED"] ?? 1);

const KVM1 = { address: "192.168.10.156" };
const C1 = { host: "kvm1", address: "10.0.3.10/24" };
const ONE_HOST = { hosts: { kvm1: KVM1 }, containers: { c1: C1 } };
/** All that the settings allow, and more than an emulated processor can address: QEMU does not start with it. */
const ONE_TIB = 1024 * 1024;

let lab: Project;

beforeAll(async () => {
  lab = await Project.create("failures");
});

afterAll(() => lab?.destroy());

const up = (settings: object) => {
  lab.configure(settings as Record<string, unknown>);
  return lab.vxlab(["up", "--no-verify"], { timeout: 600 });
};

/** What the lab's own libvirt holds; it has no other user. */
async function inLibvirt(): Promise<string[]> {
  const lists = [
    ["list", "--all"],
    ["net-list", "--all"],
    ["pool-list", "--all"],
  ];
  const names = await Promise.all(lists.map(async (words) => good(await lab.virsh([...words, "--name"]))));
  const images = join(lab.paths.dot, "libvirt", "lib", "images");
  const files = existsSync(images) ? readdirSync(images, { recursive: true }).map(String) : [];
  return [...names.flatMap((text) => text.split("\n")).map((line) => line.trim()), ...files].filter(
    (n) => n !== "",
  );
}

async function destroyed(): Promise<void> {
  const { code, stdout } = await change(lab, ["destroy"]);
  expect(code, stdout).toBe(0);
  expect(await inLibvirt()).toEqual([]);
}

describe("a machine that QEMU cannot start", () => {
  const broken = { ...ONE_HOST, hosts: { kvm1: { ...KVM1, memory: ONE_TIB } } };

  it("fails with its name, and leaves no definition behind", async () => {
    const { code, stderr } = await up(broken);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Domain lab-kvm1-domain: /);
    expect(stderr).toContain("pc.ram");
    expect(good(await lab.virsh(["list", "--all", "--name"])).trim()).toBe("");
  });

  it("is cleared away by a plain destroy", destroyed);

  it("comes up as soon as it can, with no hand laid on libvirt", async () => {
    expect((await up(broken)).code).toBe(1);
    good(await up(ONE_HOST));
    expect(await redChecks(lab)).toEqual([]);
  });
});

describe("a step that fails in a guest", () => {
  const c3 = { host: "kvm1", address: "10.0.3.13/24" };
  const wrong = { ...ONE_HOST, containers: { c1: C1, c3: { ...c3, command: ["/no/such/program"] } } };

  it("names the container and the reason", async () => {
    const { code, stderr } = await up(wrong);
    expect(code).toBe(1);
    expect(stderr).toMatch(/container c3 .*\/no\/such\/program/);
  });

  it("is made good by the right setting, and nothing else is touched", async () => {
    const guests = await Guests.of(lab);
    const { ofports, pids } = await guests.facts("kvm1");
    lab.configure({ ...ONE_HOST, containers: { c1: C1, c3 } });
    const { code, steps, stdout } = await change(lab, ["up"]);
    expect(code, stdout).toBe(0);
    expect(steps.filter((step) => !/ lab-c3(-|$)/.test(step))).toEqual(["update lab"]);
    expect(await guests.facts("kvm1")).toMatchObject({ ofports, pids: { c1: pids["c1"] } });
    await guests.close();
    expect(await redChecks(lab)).toEqual([]);
  });

  it("does not hinder a plain destroy", async () => {
    expect((await up(wrong)).code).toBe(1);
    await destroyed();
  });
});

describe("a command that is cut off", () => cutOff(() => lab, COUNT, SEED));
