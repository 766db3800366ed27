/**
 * Drift of more kinds than CI has time for: bridges, containers, services, whole machines.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import {
  BRIDGE,
  clean,
  CONTAINERS,
  drift,
  repairs,
  SERVICES,
  SETTINGS,
  settled,
  TUNNEL1,
} from "../lib/drift-lab";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { within } from "../lib/wait";

let project: Project;
let guests: Guests;
const lab = () => ({ project, guests });

beforeAll(async () => {
  project = await Project.create("drift-long");
  project.configure(SETTINGS);
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe.each([
  ["the bridge", BRIDGE],
  ["containers and services", [...CONTAINERS, ...SERVICES]],
] as const)("on kvm1, while kvm2 has its own: %s", (_, faults) => {
  it("every fault is named, repaired, and gone", () => repairs(lab(), ["kvm1", "kvm2"], faults));
});

describe("a bridge that is deleted", () => {
  it("comes back with everything on it, and the same fault once more is repaired once more", async () => {
    for (let round = 0; round < 2; round++) {
      await guests.tell("kvm2", "ovs-vsctl del-br vxbr");
      expect((await drift(lab())).lines).toContain("kvm2: bridge vxbr: is missing");
      good(await project.vxlab(["up", ...(round === 0 ? [] : ["--no-verify"])], { timeout: 600 }));
    }
    await settled(lab(), ["--no-drift"]);
  });
});

describe("an ovs-vswitchd that hangs", () => {
  it("is named within the limits, and nothing waits for it for ever", async () => {
    const signal = (name: string) =>
      guests.tell("kvm2", `kill -${name} $(cat /run/openvswitch/ovs-vswitchd.pid)`);
    await signal("STOP");
    expect((await drift(lab())).lines).toContain("kvm2: bridge vxbr: ovs-vswitchd does not answer");
    await signal("CONT");
    expect(await drift(lab())).toEqual(clean);
  });
});

describe("whole machines", () => {
  const domain = async () => {
    const names = good(await project.virsh(["list", "--all", "--name"])).split("\n");
    return names.find((name) => name.trim().endsWith("-kvm2"))?.trim() ?? "";
  };
  const network = async () => good(await project.virsh(["net-list", "--name"])).trim();

  it("that are paused are named at once, and resumed", async () => {
    good(await project.virsh(["suspend", await domain()]));
    const { lines, unknown } = await drift(lab());
    expect([lines, unknown]).toEqual([["kvm2: machine: is paused"], ["kvm2"]]);
    good(await project.vxlab(["up", "--no-verify"], { timeout: 300 }));
    expect(await drift(lab())).toEqual(clean);
  });

  it("whose network was stopped and started have their taps plugged in again", async () => {
    const name = await network();
    good(await project.virsh(["net-destroy", name]));
    expect((await drift(lab())).lines).toContain(`kvm2: machine: network ${name} is stopped`);
    good(await project.virsh(["net-start", name]));
    expect(
      (await drift(lab())).lines.filter((line) => /tap vnet\d+ is not on the bridge/.test(line)),
    ).toHaveLength(2);
    good(await project.vxlab(["up"], { timeout: 600 }));
    expect(await drift(lab())).toEqual(clean);
  });

  it("that are stopped are started, and bring everything back by themselves", async () => {
    good(await project.virsh(["destroy", await domain()]));
    expect((await drift(lab())).lines).toEqual(["kvm2: machine: is stopped"]);
    good(await project.vxlab(["up"], { timeout: 900 }));
    expect(await drift(lab())).toEqual(clean);
  });
});

describe("a reboot of the hypervisor", () => {
  it("starts the machines, which bring everything back: nobody runs up", async () => {
    const embedded = (verb: string) =>
      project.run(join(project.root, "toolchain", "embedded.sh"), [verb], { timeout: 120 });
    await guests.close();
    good(await embedded("stop"));
    good(await embedded("start"));
    expect(good(await project.virsh(["list", "--name"])).match(/-kvm[12]$/gm)).toHaveLength(2);
    await within(600, "nothing is wrong", async () => {
      const { lines, unknown } = await drift(lab());
      return [...lines, ...unknown].length === 0;
    });
    guests = await Guests.of(project);
  });
});

describe("plain pulumi", () => {
  it("looks by one setting", async () => {
    project.configure({ ...SETTINGS, drift: true });
    await guests.tell("kvm1", `ovs-vsctl del-port ${TUNNEL1}`);
    const { steps } = await change(project, ["preview"]);
    expect(steps).toEqual(["update lab-kvm1-red", "update lab-kvm1-red-step"]);
    expect((await change(project, ["up"])).code).toBe(0);
    expect((await change(project, ["preview"])).steps).toEqual([]);
  });
});
