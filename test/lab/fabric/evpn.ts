/** Red by EVPN: two of the fabric's three hosts are route reflectors. More of it: test/long/evpn.test.ts. */
import { describe, expect, it } from "vitest";
import { askedByAll, lostWithout } from "../../lib/evpn-lab";
import { HOSTS } from "../../lib/fabric-lab";
import type { Guests } from "../../lib/guests";
import type { Project } from "../../lib/project";
import { redChecks, within } from "../../lib/wait";

interface Fabric {
  project: () => Project;
  guests: () => Guests;
  /** `pulumi up` with other settings of red. */
  up: (red: object) => Promise<string[]>;
  redWorks: () => Promise<string[]>;
}

/** What a lab without EVPN has nothing of. */
export const NOTHING_LEFT =
  "{ ls /sys/class/net | grep -E '^(ve|be|oe)[0-9]'; pidof zebra bgpd; ls /var/lib/vxlab | grep -x router; " +
  "ls -d /run/frr/vxlab /etc/frr/vxlab; nft list ruleset | grep 'dport 179'; echo end; } 2>/dev/null";

export function evpn({ project, guests, up, redWorks }: Fabric): void {
  describe("red by EVPN, by one word", () => {
    const green = (seconds: number) =>
      within(seconds, "every check of EVPN green", async () => {
        const red = await redChecks(project(), "evpn", "router");
        return red.length === 0;
      });

    it("works: every check of it is green, a second up changes nothing, observe answers what was applied", async () => {
      const { pids } = await guests().facts("kvm1");
      await up({ flooding: "evpn" });
      await within(60, "red", async () => (await redWorks()).length === 0);
      await green(60);
      expect((await guests().facts("kvm1")).pids).toEqual(pids);
      expect(await up({ flooding: "evpn" })).toEqual([]);
      for (const host of Object.keys(HOSTS))
        for (const { desired, found } of await guests().observed(host))
          expect(found).toEqual({ v: desired.v, state: desired.state });
    });

    it("asks nobody for whom the plan knows", async () => {
      const { questions, answers } = await askedByAll(guests());
      expect(questions).toEqual([]);
      expect(answers).toBeGreaterThanOrEqual(9);
    });

    it("loses no ping of two hosts when a third one's bgpd is killed, a route reflector, which comes back", async () => {
      const { lost, sent } = await lostWithout(guests(), "bgpd");
      expect(sent).toBeGreaterThan(40);
      expect(lost).toBe(0);
      await green(60);
    });

    it("has a guard that takes BGP from the lab's hosts alone, and not from containers", async () => {
      const [reflector, other] = [HOSTS.kvm1.address, HOSTS.kvm3.address];
      const tell = (words: string) => guests().tell("kvm1", words);
      const inC1 = (words: string) => guests().inside("c1", words);
      const connect = (host: string, to: string) => guests().ask(host, `nc -w 3 ${to} 179 </dev/null`, 20);
      /** Not of a host: from the hypervisor's own address. */
      const outside = async () => {
        const nc = ["busybox", "nc", "-w", "3", reflector, "179"];
        const words = ["netns", "exec", project().namespace, ...nc];
        return (await project().run("ip", words, { timeout: 20 })).code;
      };
      expect(await outside()).not.toBe(0);
      expect((await connect("kvm3", reflector)).code).toBe(0);
      // Only reflectors listen.
      expect((await connect("kvm1", other)).code).not.toBe(0);
      const own = await tell("cat /sys/class/net/be100/address");
      await tell(inC1(`ip route add ${reflector} via 10.0.3.254 dev eth0`));
      await tell(inC1(`ip neigh replace 10.0.3.254 lladdr ${own} dev eth0`));
      const box = inC1(`busybox nc -w 3 ${reflector} 179 </dev/null`);
      expect((await guests().ask("kvm1", box, 20)).code).not.toBe(0);
      await tell("nft delete table inet vxlab_guard");
      try {
        expect(await outside()).toBe(0);
      } finally {
        await tell("nft -f /var/lib/vxlab/guard.nft");
      }
      await tell(inC1(`ip route del ${reflector}`));
      expect(await redWorks()).toEqual([]);
    });
  });
}
