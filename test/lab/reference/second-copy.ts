/** A second copy of the project runs a lab on the same machine, with the same addresses: the two know nothing of each other. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Guests } from "../../lib/guests";
import { good, Project } from "../../lib/project";
import { remains } from "../../lib/remains";
import { labOf } from "../../lib/state";
import { redChecks } from "../../lib/wait";

/** One host, its container alone: the smallest lab that could disturb another. */
const SETTINGS = {
  hosts: { kvm1: { address: "192.168.10.156" } },
  containers: { c1: { host: "kvm1", address: "10.0.3.10/24" } },
};

interface Lab {
  project: Project;
  guests: Guests;
}

/** @param first a lab that is deployed, with these addresses */
export function secondCopy(first: () => Lab): void {
  describe("a second copy of the project, with a lab that has the same addresses", () => {
    let second: Project;
    let id: string;
    /** What of the first lab must stay as it is. */
    let before: unknown;
    const own = async () => [await first().guests.facts("kvm1"), await first().guests.facts("kvm2")];

    beforeAll(async () => {
      before = await own();
      second = await Project.create("second-copy");
      second.configure(SETTINGS);
      good(await second.vxlab(["up", "--no-verify"], { timeout: 1200 }));
      ({ id } = await labOf(second));
    });
    afterAll(() => second?.destroy());

    it("is green, and so is the first", async () => {
      expect([await redChecks(first().project), await redChecks(second)]).toEqual([[], []]);
    });

    it("has a namespace, names, secrets and a libvirt of its own", async () => {
      const { project, guests } = first();
      expect(second.namespace).not.toBe(project.namespace);
      expect(id).not.toBe(guests.lab.id);
      const machines = async (of: Project) =>
        good(await of.virsh(["list", "--all", "--name"]))
          .split("\n")
          .flatMap((line) => line.trim() || [])
          .sort();
      expect(await machines(second)).toEqual([`vxlab-${id}-kvm1`]);
      expect(await machines(project)).toEqual(
        ["kvm1", "kvm2"].map((host) => `vxlab-${guests.lab.id}-${host}`),
      );
      const [one, two] = [await labOf(project), await labOf(second)].map(({ hosts }) => hosts[0]);
      expect(two?.address).toBe(one?.address);
      expect(two?.hostKey).not.toBe(one?.hostKey);
    });

    it("answers to one address with the first, each in its own network", async () => {
      const guests = await Guests.of(second);
      await first().guests.tell("kvm1", "echo first >/root/side");
      await guests.tell("kvm1", "echo second >/root/side");
      const look = "cat /root/side; rm /root/side";
      expect(await first().guests.tell("kvm1", look)).toBe("first");
      expect(await guests.tell("kvm1", look)).toBe("second");
      await guests.close();
    });

    it("leaves nothing when it is taken down, and the first as it was", async () => {
      good(await second.vxlab(["down"]));
      expect(remains(second, [id])).toEqual([]);
      expect(await own()).toEqual(before);
      good(await first().guests.ping("c1", "-c 2 10.0.3.11"));
    });
  });
}
