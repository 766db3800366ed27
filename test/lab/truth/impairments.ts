/** Delay and loss between hosts and of containers. */
import { describe, expect, it } from "vitest";
import { change } from "../../lib/changes";
import { good } from "../../lib/project";
import { redChecks } from "../../lib/wait";
import { SETTINGS } from "./lab";
import type { Lab } from "./lab";

const GUEST = "/usr/lib/vxlab/guest";

export function impairments(lab: () => Lab): void {
  describe("impairments", () => {
    const TC = "/usr/sbin/tc";
    const impaired = async (settings: object): Promise<string[]> => {
      lab().project.configure({ ...SETTINGS, ...settings });
      const up = await change(lab().project, ["up"], { timeout: 900 });
      good(up);
      return up.steps;
    };
    /** The shortest of eight round trips, ms. */
    const least = async (from: string, to: string): Promise<number> => {
      const { stdout } = await lab().guests.ping(from, `-c 8 -i 0.3 -W 5 ${to}`);
      return Number(/ = ([\d.]+)\//.exec(stdout)?.[1] ?? Infinity);
    };
    const filters = (host: string) =>
      lab().guests.tell(host, `${TC} filter show dev eth0 egress | grep -c edirect || :`);
    const slow = { between: ["kvm1", "kvm2"], segment: "red", direction: "out", delay: "300ms" };

    it("delay one segment one way, IPv6 and a container as well; nothing else is slower, and a restart changes nothing", async () => {
      const far = { container: "b2", direction: "out", delay: "200ms" };
      const six = { container: "e1", direction: "out", delay: "200ms" };
      const back = { between: ["kvm1", "kvm2"], segment: "east", direction: "in", delay: "150ms" };
      const router = lab().guests.lab.containers.find(({ name }) => name === "r");
      const [east, west] = (router?.interfaces ?? []).map(({ addresses }) => addresses);
      const router6 = east?.find((one) => one.includes(":"))?.split("/")[0] ?? "";
      const beside = west?.find((one) => !one.includes(":"))?.split("/")[0] ?? "";
      expect(await least("e1", router6)).toBeLessThan(349);
      expect(await impaired({ impairments: { slow, far, six, back } })).toEqual(
        expect.arrayContaining(["create lab-kvm1-slow-step", "create lab-kvm2-far-step"]),
      );
      // verify measures the delay as well.
      expect(await redChecks(lab().project, "impairment", "delay")).toEqual([]);
      expect(await least("c1", "10.0.3.11")).toBeGreaterThanOrEqual(299);
      expect(await least("e1", router6)).toBeGreaterThanOrEqual(349);
      expect(await least("w1", beside)).toBeLessThan(299);
      const underlay = await lab().guests.tell("kvm1", "ping -n -c 8 -i 0.3 192.168.10.222");
      expect(Number(/ = ([\d.]+)\//.exec(underlay)?.[1])).toBeLessThan(299);
      good(await lab().project.vxlab(["restart", "b2"], { timeout: 300 }));
      expect(await least("b2", "10.0.20.1")).toBeGreaterThanOrEqual(199);
      expect(await lab().guests.tell("kvm2", `${GUEST} drift`)).toBe("");
    });

    it("are edited in place", async () => {
      const lossy = { slow: { ...slow, delay: "200ms", loss: "100%" } };
      expect(await impaired({ impairments: lossy })).toEqual(
        expect.arrayContaining(["update lab-kvm1-slow-step", "delete lab-kvm2-far-step"]),
      );
      expect((await lab().guests.ping("c1", "-c 3 -W 2 10.0.3.11")).stdout).toContain(" 0 received");
      expect([await filters("kvm1"), await filters("kvm2")]).toEqual(["1", "0"]);
      expect(await least("b2", "10.0.20.1")).toBeLessThan(199);
    });

    it("that are taken out leave nothing behind", async () => {
      expect(await impaired({})).toContain("delete lab-kvm1-slow-step");
      expect(await least("c1", "10.0.3.11")).toBeLessThan(199);
      for (const host of ["kvm1", "kvm2"])
        expect(
          await lab().guests.tell(host, `${TC} qdisc show; ls /sys/class/net /var/lib/vxlab`),
        ).not.toMatch(/clsact|netem|^i-|impaired/m);
    });
  });
}
