/**
 * Faults that a lab survives, and for how long its containers do not reach each other: the table of docs/reliability.md. VXLAB_ROUNDS (10)
 * of each; UPDATE=1 writes the table.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Guests } from "../lib/guests";
import { lifeTable, measured, median, timedOutside, type Fault, type Life } from "../lib/life";
import { checkout, good, Project } from "../lib/project";
import { greenWithin, within } from "../lib/wait";

const ROUNDS = Number(process.env["VXLAB_ROUNDS"] ?? 10);
/** How long a fault of the underlay lasts, and an absence, seconds. */
const CUT = 20;
const AWAY = 60;

let project: Project;
let guests: Guests;
const lives: Life[] = [];
/** The highest load of the last minute while it was measured. */
let load = 0;

beforeAll(async () => {
  project = await Project.create("life");
  project.configure({
    hosts: {
      kvm1: { address: "192.168.10.156" },
      kvm2: { address: "192.168.10.222" },
      kvm3: { address: "192.168.10.33" },
    },
    segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
    containers: {
      c1: { host: "kvm1", address: "10.0.3.10/24" },
      c2: { host: "kvm2", address: "10.0.3.11/24" },
      c3: { host: "kvm3", address: "10.0.3.12/24" },
    },
  });
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  if (lives.length > 0) report();
  await project?.destroy();
});

const domain = async (): Promise<string> => {
  const names = good(await project.virsh(["list", "--all", "--name"])).split("\n");
  return names.map((name) => name.trim()).find((name) => name.endsWith("-kvm2")) ?? "";
};
const signal = (name: string, pid: string) => async () => {
  await guests.tell("kvm2", `kill -${name} ${pid}`);
  return 0;
};
const OVS = "$(cat /run/openvswitch/ovs-vswitchd.pid)";
const DB = "$(cat /run/openvswitch/ovsdb-server.pid)";

/** The seconds between the two. */
async function between(
  begin: () => Promise<unknown>,
  seconds: number,
  end: () => Promise<unknown>,
): Promise<number> {
  await begin();
  const started = Date.now();
  await sleep(seconds * 1000);
  await end();
  return (Date.now() - started) / 1000;
}

async function link(state: "up" | "down"): Promise<void> {
  const name = await domain();
  const [, , , , mac = ""] = good(await project.virsh(["domiflist", name]))
    .trim()
    .split(/\s+/);
  good(await project.virsh(["domif-setlink", name, mac, state]));
}

const virsh = async (...words: string[]) =>
  good(await project.virsh([words[0] ?? "", await domain(), ...words.slice(1)]));
const here = "the host itself";

const FAULTS: Fault[] = [
  { name: "SIGKILL of ovs-vswitchd", healer: here, promised: 5, act: signal("KILL", OVS) },
  { name: "SIGKILL of ovsdb-server", healer: here, promised: 0, act: signal("KILL", DB) },
  {
    name: "restart of ovs-vswitchd and ovsdb-server",
    healer: here,
    promised: 5,
    act: signal("TERM", `${OVS} ${DB}`),
  },
  {
    ...{ name: "Open vSwitch's database lost", healer: "`./vxlab up`", promised: 30 },
    act: async () => {
      await guests.tell("kvm2", `rm /etc/openvswitch/conf.db; kill -9 ${DB}; sleep 5`);
      good(await project.vxlab(["up"], { timeout: 600 }));
      return 0;
    },
  },
  {
    ...{ name: "reboot of a machine", healer: here, promised: 30 },
    act: async () => {
      await guests.ask("kvm2", "sync; reboot");
      await guests.hangUp("kvm2");
      // It works on for a moment.
      await within(60, "is down", async () => (await guests.ping("c1", "-c 1 -W 1 10.0.3.11")).code !== 0);
      return 0;
    },
  },
  {
    ...{ name: "power off and on (virsh destroy, start)", healer: here, promised: 30 },
    act: async () => {
      await virsh("destroy");
      await guests.hangUp("kvm2");
      good(await project.virsh(["start", await domain()]));
      return 0;
    },
  },
  {
    ...{ name: "underlay's network restarted (virsh net-destroy, net-start)", healer: "`./vxlab up`" },
    ...{ promised: 30, all: true },
    act: async () => {
      const name = good(await project.virsh(["net-list", "--name"])).trim();
      good(await project.virsh(["net-destroy", name]));
      good(await project.virsh(["net-start", name]));
      good(await project.vxlab(["up", "--no-verify"], { timeout: 600 }));
      return 0;
    },
  },
  {
    ...{ name: `machine paused for ${AWAY} s`, healer: here, promised: 2 },
    act: () =>
      between(
        () => virsh("suspend"),
        AWAY,
        () => virsh("resume"),
      ),
  },
  {
    ...{ name: `underlay cut one way for ${CUT} s`, healer: here, promised: 2 },
    act: () => {
      const rule = "type filter hook input priority -300; ip saddr 192.168.10.156 udp dport 4789 drop;";
      const cut = () => guests.tell("kvm2", `nft 'table inet cut { chain c { ${rule} }; }'`);
      return between(cut, CUT, () => guests.tell("kvm2", "nft delete table inet cut"));
    },
  },
  {
    ...{ name: `underlay cut both ways for ${CUT} s`, healer: here, promised: 2 },
    act: () =>
      between(
        () => link("down"),
        CUT,
        () => link("up"),
      ),
  },
];

/** Everything that the lab runs ends, as when its hypervisor reboots; libvirt starts again, and nobody runs `./vxlab up`. */
const REBOOTED: Fault = {
  ...{ name: "reboot of the hypervisor", healer: "libvirt's autostart", promised: 60, all: true },
  act: async () => {
    for (const host of ["kvm1", "kvm2", "kvm3"]) await guests.hangUp(host);
    const embedded = join(project.root, "toolchain", "embedded.sh");
    const env = { VXLAB_ROOT: project.root };
    good(await project.run("bash", [embedded, "stop"], { env }));
    good(await project.run("bash", [embedded, "start"], { env }));
    return 0;
  },
};

function report(): void {
  const note = `${ROUNDS} rounds of each, load at most ${load.toFixed(0)} on ${cpus().length} processors`;
  const table = lifeTable(lives);
  process.stdout.write(`\n${table}\n\n${note}\n`);
  if (process.env["UPDATE"] !== "1") return;
  const file = join(checkout, "docs", "reliability.md");
  const text = readFileSync(file, "utf8");
  const marks = /(<!-- life -->\n)[^]*(<!-- \/life -->)/;
  writeFileSync(
    file,
    text.replace(marks, `$1\n${table}\n\n${note[0]?.toUpperCase()}${note.slice(1)}.\n\n$2`),
  );
}

describe("containers reach each other again", () => {
  it.each([...FAULTS, REBOOTED])("after $name", async (fault) => {
    const life = await (fault === REBOOTED ? timedOutside : measured)(guests, fault, ROUNDS);
    load = Math.max(load, loadavg()[0] ?? 0);
    lives.push(life);
    const busy = Math.max(1, (loadavg()[0] ?? 0) / cpus().length);
    expect(median(life.seconds), `${life.seconds.join(" ")} s`).toBeLessThanOrEqual(
      (fault.promised + 1) * busy,
    );
    expect(life.othersLost, "of the others").toBe(0);
    // A host that has just booted answers pings before it answers SSH.
    await greenWithin(120, project);
  });
});
