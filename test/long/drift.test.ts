/** Drift that takes more time than CI has: bridges that are deleted, Open vSwitch that hangs, whole machines. */
import { renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { clean, drift, driftLab, SETTINGS, settled, TUNNEL1 } from "../lib/drift-lab";
import { Guests } from "../lib/guests";
import { good } from "../lib/project";
import { redChecks, within } from "../lib/wait";
import { status } from "../lab/truth/lab";

const lab = driftLab("drift-long");
const BOOT = "cat /proc/sys/kernel/random/boot_id";
const LOST = "it no longer exists once it stops";

describe("a lab that nobody changed", () => {
  it("has no drift, and status finds nothing", async () => {
    await settled(lab);
    expect(await status(lab)).toEqual({ faults: [], foreign: [] });
  });
});

describe("a gateway that lost its table, and a DHCP server that does not run", () => {
  it("are both named by status, and are repaired", async () => {
    await lab.guests.tell(
      "kvm1",
      "for t in $(nft list tables | sed -n 's/^table inet \\(vxlab_.*_dservice\\)/\\1/p'); do nft delete table inet $t; done\n" +
        "kill $(cat /var/lib/vxlab/services/*/loop.pid) $(cat /var/lib/vxlab/services/*/dnsmasq.pid)",
    );
    const { faults } = await status(lab);
    expect(faults).toEqual([
      expect.stringMatching(
        /^service\/blue: .*gw-blue: the nft table inet vxlab_\w+ is missing: nothing is translated/,
      ),
    ]);
    expect(faults[0]).toMatch(/gw-blue: dnsmasq does not run: containers get no addresses/);
    good(await lab.project.vxlab(["up", "--no-verify"], { timeout: 600 }));
    await settled(lab);
    expect(await status(lab)).toEqual({ faults: [], foreign: [] });
  });
});

describe("a bridge that is deleted", () => {
  it("comes back with everything on it, and the same fault once more is repaired once more", async () => {
    for (let round = 0; round < 2; round++) {
      await lab.guests.tell("kvm2", "ovs-vsctl del-br vxbr");
      expect((await drift(lab)).lines).toContain("kvm2: bridge vxbr: is missing");
      good(await lab.project.vxlab(["up", ...(round === 0 ? [] : ["--no-verify"])], { timeout: 600 }));
    }
    await settled(lab, ["--no-drift"]);
  });
});

describe("an ovs-vswitchd that hangs", () => {
  it("is named within the limits, and nothing waits for it for ever", async () => {
    const signal = (name: string) =>
      lab.guests.tell("kvm2", `kill -${name} $(cat /run/openvswitch/ovs-vswitchd.pid)`);
    await signal("STOP");
    expect((await drift(lab)).lines).toContain("kvm2: bridge vxbr: ovs-vswitchd does not answer");
    await signal("CONT");
    expect(await drift(lab)).toEqual(clean);
  });
});

describe("a chain that is taken away", () => {
  it("leaves a lab of which every check is green", async () => {
    const sysctls = { "net.ipv4.ip_forward": 1 };
    const r = { host: "kvm2", segment: "red", address: "10.0.3.20/24", sysctls };
    const routed = { from: "c1", to: "c2", through: ["r"] };
    lab.configure({ containers: { ...SETTINGS.containers, r }, chains: { routed } });
    good(await lab.project.vxlab(["up"], { timeout: 900 }));
    expect(await lab.guests.tell("kvm2", "ls /var/lib/vxlab/desired")).toMatch(/^chain-/m);
    await settled(lab);
    lab.configure({});
    good(await lab.project.vxlab(["up", "--no-verify"], { timeout: 900 }));
    expect(await lab.guests.tell("kvm2", "ls /var/lib/vxlab/desired")).not.toMatch(/^chain-/m);
    expect(await redChecks(lab.project)).toEqual([]);
    await settled(lab);
  });
});

describe("whole machines", () => {
  const domain = async () => {
    const names = good(await lab.project.virsh(["list", "--all", "--name"])).split("\n");
    return names.find((name) => name.trim().endsWith("-kvm2"))?.trim() ?? "";
  };
  const network = async () => good(await lab.project.virsh(["net-list", "--name"])).trim();
  const volume = async (part: string) => {
    const pool = good(await lab.project.virsh(["pool-list", "--name"])).trim();
    const rows = good(await lab.project.virsh(["vol-list", pool])).split("\n");
    const row = rows.find((text) => text.includes(part)) ?? expect.fail(`no volume ${part} in ${pool}`);
    // Where the lab's libvirt has its folder: the path in the list is of its mount namespace.
    return join(lab.project.paths.dot, "libvirt", "lib", "images", pool, row.trim().split(/\s+/)[0] ?? "");
  };
  const boots = () => Promise.all(["kvm1", "kvm2"].map((host) => lab.guests.tell(host, BOOT)));

  it("that are paused are named at once, and resumed", async () => {
    good(await lab.project.virsh(["suspend", await domain()]));
    const { lines, unknown } = await drift(lab);
    expect([lines, unknown]).toEqual([["kvm2: machine: is paused"], ["kvm2"]]);
    good(await lab.project.vxlab(["up", "--no-verify"], { timeout: 300 }));
    expect(await drift(lab)).toEqual(clean);
  });

  it("whose network was stopped and started have their taps plugged in again", async () => {
    const name = await network();
    good(await lab.project.virsh(["net-destroy", name]));
    expect((await drift(lab)).lines).toContain(`kvm2: machine: network ${name} is stopped`);
    good(await lab.project.virsh(["net-start", name]));
    expect(
      (await drift(lab)).lines.filter((line) => /tap vnet\d+ is not on the bridge/.test(line)),
    ).toHaveLength(2);
    good(await lab.project.vxlab(["up"], { timeout: 600 }));
    expect(await drift(lab)).toEqual(clean);
  });

  it("whose network's definition was removed get it again, while everything runs on", async () => {
    const [name, before] = [await network(), await boots()];
    good(await lab.project.virsh(["net-undefine", name]));
    expect((await drift(lab)).lines).toEqual(
      ["kvm1", "kvm2"].map((host) => `${host}: machine: network ${name} is not defined in libvirt: ${LOST}`),
    );
    good(await lab.project.vxlab(["up", "--no-verify"], { timeout: 600 }));
    expect(await drift(lab)).toEqual(clean);
    expect(await boots()).toEqual(before);
  });

  it("whose network is gone have the same one again: no machine starts anew, and the state is as before", async () => {
    const [name, before] = [await network(), await boots()];
    good(await lab.project.virsh(["net-undefine", name]));
    good(await lab.project.virsh(["net-destroy", name]));
    const { lines, unknown } = await drift(lab);
    expect(lines).toEqual(["kvm1", "kvm2"].map((host) => `${host}: machine: network ${name} is not defined`));
    expect(unknown).toEqual(["kvm1", "kvm2"]);
    const { stdout } = await lab.project.vxlab(["preview"], { timeout: 300 });
    expect(stdout).toContain(`network ${name} is not defined`);
    good(await lab.project.vxlab(["up"], { timeout: 600 }));
    await settled(lab);
    expect(await boots()).toEqual(before);
    for (const kind of ["--persistent", "--autostart"])
      expect(good(await lab.project.virsh(["net-list", "--name", kind])).trim()).toBe(name);
  });

  it("whose definition was removed get it again while they run", async () => {
    const before = await boots();
    good(await lab.project.virsh(["undefine", await domain()]));
    expect((await drift(lab)).lines).toEqual([`kvm2: machine: is not defined in libvirt: ${LOST}`]);
    good(await lab.project.vxlab(["up", "--no-verify"], { timeout: 600 }));
    await settled(lab);
    expect(await boots()).toEqual(before);
    expect(good(await lab.project.virsh(["list", "--name", "--persistent", "--autostart"]))).toMatch(
      /-kvm2$/m,
    );
  });

  it("that are gone are made again", async () => {
    const name = await domain();
    good(await lab.project.virsh(["destroy", name]));
    good(await lab.project.virsh(["undefine", name]));
    const { lines, unknown } = await drift(lab);
    expect([lines, unknown]).toEqual([[`kvm2: machine: ${name} is not defined in libvirt`], ["kvm2"]]);
    good(await lab.project.vxlab(["up"], { timeout: 900 }));
    await settled(lab);
    await lab.guests.close();
    lab.guests = await Guests.of(lab.project);
  });

  it("whose kernel is gone from the pool get it again, and run on", async () => {
    const before = await boots();
    rmSync(await volume("-kernel-"));
    const lost = /^kvm[12]: machine: has lost its volume \S+-kernel-\S+: up uploads it again$/;
    expect((await drift(lab)).lines).toEqual([expect.stringMatching(lost), expect.stringMatching(lost)]);
    good(await lab.project.vxlab(["up", "--no-verify"], { timeout: 600 }));
    await settled(lab);
    expect(await boots()).toEqual(before);
  });

  it("whose disk is gone for a while have lost nothing", async () => {
    const [disk, before] = [await volume("-kvm2-root"), await boots()];
    renameSync(disk, `${disk}.away`);
    const lost = "kvm2: machine: has lost its volume " + basename(disk) + ": up recreates the machine";
    expect((await drift(lab)).lines).toEqual([lost]);
    renameSync(`${disk}.away`, disk);
    await settled(lab);
    good(await lab.project.vxlab(["up", "--no-verify"], { timeout: 600 }));
    expect(await boots()).toEqual(before);
  });

  it("whose disk is gone while they run are made anew, and no other machine is", async () => {
    const [disk, [other, before]] = [await volume("-kvm2-root"), await boots()];
    rmSync(disk);
    good(await lab.project.vxlab(["up"], { timeout: 900 }));
    await settled(lab);
    await lab.guests.close();
    lab.guests = await Guests.of(lab.project);
    const [same, another] = await boots();
    expect(same).toBe(other);
    expect(another).not.toBe(before);
  });

  it("that are stopped are started, and bring everything back by themselves", async () => {
    good(await lab.project.virsh(["destroy", await domain()]));
    expect((await drift(lab)).lines).toEqual(["kvm2: machine: is stopped"]);
    good(await lab.project.vxlab(["up"], { timeout: 900 }));
    expect(await drift(lab)).toEqual(clean);
  });
});

describe("a reboot of the hypervisor", () => {
  it("starts the machines, which bring everything back: nobody runs up", async () => {
    const embedded = (verb: string) =>
      lab.project.run(join(lab.project.root, "toolchain", "embedded.sh"), [verb], { timeout: 120 });
    await lab.guests.close();
    good(await embedded("stop"));
    good(await embedded("start"));
    expect(good(await lab.project.virsh(["list", "--name"])).match(/-kvm[12]$/gm)).toHaveLength(2);
    await within(600, "nothing is wrong", async () => {
      const { lines, unknown } = await drift(lab);
      return [...lines, ...unknown].length === 0;
    });
    lab.guests = await Guests.of(lab.project);
  });
});

describe("plain pulumi", () => {
  it("looks by one setting: shows what is wrong as an update, repairs that and nothing else, and is clean then", async () => {
    const plain = () => change(lab.project, ["preview"]);
    await lab.guests.tell("kvm1", `ovs-vsctl del-port ${TUNNEL1}`);
    expect((await plain()).steps, "without the setting nobody looks").toEqual([]);
    lab.configure({ drift: true });
    expect((await plain()).steps).toEqual(["update lab-kvm1-red", "update lab-kvm1-red-step"]);
    const shown = good(await lab.project.pulumi(["preview", "--diff"], { timeout: 300 }));
    expect(shown).toMatch(new RegExp(`[+~] repair *: .*"tunnel ${TUNNEL1} is missing"`));
    const [before, ports] = [await lab.guests.facts("kvm2"), `ovs-vsctl list-ports vxbr`];
    const up = await change(lab.project, ["up"]);
    expect([up.code, up.steps]).toEqual([0, ["update lab-kvm1-red", "update lab-kvm1-red-step"]]);
    expect(await lab.guests.tell("kvm1", ports)).toContain(TUNNEL1);
    expect(await lab.guests.facts("kvm2"), "the other host").toEqual(before);
    expect((await plain()).steps).toEqual([]);
    lab.configure({});
    expect((await plain()).steps, "without the setting").toEqual([]);
    expect(await drift(lab)).toEqual(clean);
  });
});
