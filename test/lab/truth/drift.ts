/**
 * What somebody changes by hand: `drift`, `preview` and `status` name it, `up` repairs it and nothing else. The other host's processes and
 * ports must not notice.
 */
import { describe, expect, it } from "vitest";
import { drift, settled } from "../../lib/drift-lab";
import { good } from "../../lib/project";
import type { Fault } from "./faults";
import { ON_KVM1, ON_KVM2 } from "./faults";
import { inside, status } from "./lab";
import type { Lab } from "./lab";

const GUEST = "/usr/lib/vxlab/guest";

interface Round {
  host: string;
  other: string;
  faults: readonly Fault[];
  /** The resources that `up` runs again. */
  repaired: readonly string[];
}

export function drifts(lab: () => Lab): void {
  /** Every fault is named and repaired; what nobody planned stays. @param named looks while the faults are there */
  async function repairs(
    { host, other, faults, repaired }: Round,
    named: () => Promise<void>,
  ): Promise<void> {
    const { project, guests } = lab();
    const before = await guests.facts(other);
    await guests.tell(host, "ovs-vsctl add-port vxbr tap7 -- set interface tap7 type=internal");
    await guests.tell(host, faults.map(([, make]) => make).join("\n"), 120);
    await named();
    const { code, lines, foreign } = await drift(lab());
    expect(code).toBe(2);
    for (const [name, , said] of faults)
      expect(
        lines.some((line) => line.startsWith(`${host}: `) && line.includes(said)),
        `${name}: ${said}\n${lines.join("\n")}`,
      ).toBe(true);
    expect(lines.filter((line) => !line.startsWith(`${host}: `))).toEqual([]);
    expect(foreign).toEqual([`${host}: port tap7 on vxbr`]);
    const up = await project.vxlab(["up", "--no-verify"], { timeout: 600 });
    good(up);
    const ran = [...up.stderr.matchAll(/updated +Command (\S+)-step /g)].map(([, step = ""]) => step);
    expect(ran.sort()).toEqual(repaired);
    expect(await guests.facts(other), "the other host").toEqual(before);
    expect(await guests.tell(host, "ovs-vsctl port-to-br tap7"), "foreign things stay").toBe("vxbr");
    await guests.tell(host, "ovs-vsctl del-port tap7");
  }

  describe("what somebody changed by hand is named, and put right by up alone", () => {
    it("on kvm1: tunnels, the bridge, containers, services", async () => {
      const repaired = ["lab-c1", "lab-e1", "lab-kvm1-blue", "lab-kvm1-blue-service", "lab-kvm1-red"];
      const round = { host: "kvm1", other: "kvm2", faults: ON_KVM1 };
      await repairs({ ...round, repaired: [...repaired, "lab-kvm1-vxbr", "lab-w1"] }, async () => {
        const { stdout } = await lab().project.vxlab(["preview"], { timeout: 300 });
        expect(stdout).toContain("* kvm1: ");
        expect(stdout).not.toContain("kvm2: ");
      });
    });

    it("on kvm2: a container of this lab from another host as well; its own are repaired without a restart", async () => {
      const { guests } = lab();
      const state = await guests.tell("kvm1", "cat /var/lib/vxlab/desired/container-*-c1.json");
      const router = (await guests.facts("kvm2")).pids["r"];
      await guests.tell("kvm2", `${GUEST} apply container`, 120, state);
      const repaired = ["lab-a1", "lab-b2", "lab-c2", "lab-kvm2-blue", "lab-kvm2-red", "lab-kvm2-vxbr"];
      const round = { host: "kvm2", other: "kvm1", faults: ON_KVM2 };
      await repairs({ ...round, repaired: [...repaired, "lab-r"] }, async () => {
        const text = (await status(lab())).faults.join("\n");
        for (const part of [
          "foreign/kvm2: not in the plan of this host: container c1 (running; planned on kvm1); foreign, left alone: port tap7 on vxbr",
          "kept/kvm2: missing: container a1",
          "container/b2: RUNNING, port v-b2 carries untagged frames instead of VLAN 20",
        ])
          expect(text).toContain(part);
        await guests.tell("kvm2", `${GUEST} remove container`, 120, state);
      });
      expect(await inside(lab(), "cat /etc/motd /srv/a/key /ran")).toBe("two\nkone\ntwo");
      expect((await guests.facts("kvm2")).pids["r"]).toBe(router);
    });

    it("and nothing is left of it: no drift, and a preview without changes", () => settled(lab()));
  });
}
