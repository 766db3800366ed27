/** A machine that does not answer SSH, and an engine that is killed while it makes one: `up` ends within bounds, and the next one completes it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { engineOf, labIdOf } from "../lib/engine";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { nameOf, stateOf } from "../lib/state";
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

describe("an engine that is killed", () => {
  /** Starts `up`, and ends the engine with SIGKILL when the moment has come. */
  async function killed(moment: string, ask: () => Promise<boolean>): Promise<void> {
    lab.configure(ONE_HOST);
    const child = lab.start("vxlab", ["up", "--no-verify"]);
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    await within(180, moment, ask);
    const engine = engineOf(lab, "up");
    if (engine === undefined) throw new Error(`no engine any more: too late for "${moment}"`);
    process.kill(engine, "SIGKILL");
    expect(await ended).not.toBe(0);
  }

  it("while a machine is being made does not keep the next up from converging", async () => {
    await killed(
      "a defined domain",
      async () => (await lab.virsh(["list", "--all", "--name"])).stdout.trim() !== "",
    );
    good(await lab.vxlab(["up", "--no-verify"], { timeout: 600 }));
    expect(await redChecks(lab)).toEqual([]);
    const names = (await stateOf(lab)).map(({ urn }) => nameOf(urn));
    expect([...new Set(names)]).toEqual(names);
    expect(
      good(await lab.virsh(["list", "--all", "--name"]))
        .trim()
        .split("\n"),
    ).toHaveLength(1);
  });

  it("leaves nothing after a down", async () => {
    good(await lab.vxlab(["down"]));
    await killed(
      "a defined domain",
      async () => (await lab.virsh(["list", "--all", "--name"])).stdout.trim() !== "",
    );
    const id = labIdOf(lab) ?? expect.fail("a state without an id");
    good(await lab.vxlab(["down"], { timeout: 300 }));
    expect(remains(lab, [id])).toEqual([]);
  });
});
