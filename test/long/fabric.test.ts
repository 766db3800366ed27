/** The fabric on three real machines, what test/lab/fabric.test.ts leaves out: a hub with VXLAN, GENEVE without one, a level between. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { BLUE, CONTAINERS, fabricOf, GREEN, HOSTS, RED, RED_ENDS } from "../lib/fabric-lab";
import { Guests } from "../lib/guests";
import { leaveAsLevel2, migrates } from "../lib/older-host";
import { good, Project } from "../lib/project";
import { redChecks } from "../lib/wait";

let project: Project;
let guests: Guests;

const { broadcastsStay, redWorks } = fabricOf(() => guests);

function configure(segment: object = {}): void {
  const segments = { red: { ...RED, ...segment }, blue: BLUE, green: GREEN };
  project.configure({ hosts: HOSTS, segments, containers: CONTAINERS });
}

beforeAll(async () => {
  project = await Project.create("fabric-long");
  configure();
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe("red", () => {
  it.each([{ hub: "kvm1" }, { encapsulation: "geneve" }, { encapsulation: "geneve", hub: "kvm1" }])(
    "works, tells each broadcast once, and passes every check: %j",
    async (segment) => {
      configure(segment);
      good(await change(project, ["up"], { timeout: 900 }));
      expect(await redWorks()).toEqual([]);
      await broadcastsStay(RED_ENDS);
      const tunnels = await guests.tell("kvm2", "ovs-vsctl list-ports vxbr | grep -c ^vx100");
      expect(tunnels).toBe("hub" in segment ? "1" : "2");
      expect(await redChecks(project)).toEqual([]);
    },
  );
});

describe("a host of level 2", () => {
  it("is migrated at boot: nothing is restarted or made again", async () => {
    // Level 2 had no GENEVE.
    configure();
    good(await change(project, ["up"], { timeout: 900 }));
    await migrates(guests, "kvm1", leaveAsLevel2);
  });
});
