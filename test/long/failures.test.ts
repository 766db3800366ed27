/** A machine that does not answer SSH: `up` ends within bounds, and the next one completes it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { good, Project } from "../lib/project";
import { redChecks, within } from "../lib/wait";

const ONE_HOST = {
  hosts: { kvm1: { address: "192.168.10.156" } },
  containers: { c1: { host: "kvm1", address: "10.0.3.10/24" } },
};

let lab: Project;

beforeAll(async () => {
  lab = await Project.create("failures-long");
});

afterAll(() => lab?.destroy());

const up = (settings: object) => {
  lab.configure(settings as Record<string, unknown>);
  return lab.vxlab(["up", "--no-verify"], { timeout: 600 });
};

/** Comes as soon as libvirt has started a machine. */
async function firstDomain(): Promise<string> {
  let name = "";
  await within(120, "a running domain", async () => {
    name = (await lab.virsh(["list", "--name"])).stdout.trim();
    return name !== "";
  });
  return name;
}

describe("a machine whose SSH never answers", () => {
  const impatient = { ...ONE_HOST, bootTimeout: 30 };

  it("fails within bounds, with its address", async () => {
    lab.configure(impatient);
    const ended = lab.vxlab(["up", "--no-verify"], { timeout: 300 });
    const domain = await firstDomain();
    const started = Date.now();
    good(await lab.virsh(["suspend", domain]));
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain("192.168.10.156");
    // Six attempts of five seconds, a pause of up to five after each, and the engine's own time.
    expect((Date.now() - started) / 1000).toBeLessThan(120);
  });

  it("comes up by running it again, which lets a paused machine go on", async () => {
    const again = await up({ ...impatient, bootTimeout: 120 });
    good(again);
    expect(again.stderr).toContain(`machine ${await firstDomain()} was paused: resumed`);
    expect(await redChecks(lab)).toEqual([]);
  });

  it("does not hinder a plain destroy, which does not talk to it", async () => {
    const domain = await firstDomain();
    good(await lab.virsh(["suspend", domain]));
    const started = Date.now();
    const { code, stdout } = await change(lab, ["destroy"]);
    expect(code, stdout).toBe(0);
    expect(good(await lab.virsh(["list", "--all", "--name"])).trim()).toBe("");
    expect((Date.now() - started) / 1000).toBeLessThan(60);
  });
});
