/**
 * Ports of a host that lead to its containers, LXC and Docker, on two real machines: who reaches them and who does not, that nothing gets out by
 * the pair that they need (the control has no table), edits, restarts, a reboot, and that nothing is left.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { greenWithin, redChecks, within } from "../lib/wait";

const [KVM1, KVM2] = ["192.168.10.156", "192.168.10.222"];
/** The address in c1 of the port 8081, and the host's route there. */
const OWN = "169.254.31.145";
const serves = (text: string) =>
  `mkdir -p /www; echo ${text} >/www/index.html; exec busybox httpd -f -p 80 -h /www`;
const command = (text: string) => ["/bin/sh", "-c", serves(text)];
const WEB = { host: "kvm1", kind: "docker", image: "vxlab/busybox", address: "10.0.3.9/24" };
const C1 = { host: "kvm1", address: "10.0.3.10/24" };

let project: Project;
let guests: Guests;

function configure(
  web: object = { ports: ["8080:80"] },
  c1: object = { ports: ["8081:80", "5353:53/udp"] },
): void {
  project.configure({
    underlay: { mode: "nat" },
    image: { kind: "docker" },
    hosts: { kvm1: { address: KVM1 }, kvm2: { address: KVM2 } },
    segments: { red: { vni: 100, subnet: "10.0.3.0/24", gateway: { host: "kvm1" } } },
    containers: {
      web: { ...WEB, command: command("docker"), ...web },
      c1: { ...C1, command: command("lxc"), ...c1 },
      c2: { host: "kvm2", address: "10.0.3.11/24" },
    },
  });
}

async function up(): Promise<string[]> {
  const done = await change(project, ["up"], { timeout: 900 });
  good(done);
  return done.steps;
}

/** What is seen by TCP, by a host or in a container's network. */
async function seen(from: string, address: string, port: number): Promise<string> {
  const ask = `printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; head -c 300 <&3 | tail -n 1`;
  const look = `timeout 5 bash -c 'exec 3<>/dev/tcp/${address}/${port} && ${ask}'`;
  const [host, words] = from.startsWith("kvm")
    ? [from, look]
    : [guests.hostOf(from), guests.inside(from, look)];
  return (await guests.ask(host, words)).stdout.trim();
}
const pages = async (from: string) => [await seen(from, KVM1, 8080), await seen(from, KVM1, 8081)];
const PAGES = ["docker", "lxc"];
const led = () => within(90, "both pages", async () => (await pages("kvm2")).join() === PAGES.join());
/** Those of both containers and of the gateway, each of which drops what begins at the underlay. */
const FLUSH =
  "for t in $(nft list tables | sed -n 's/table inet //p' | grep -v guard); do nft delete table inet $t; done";
/** The SSH of a host, seen from c1 by the interface of its ports. */
async function ssh(address: string): Promise<boolean> {
  const route = `ip route replace ${address}/32 via ${KVM1} dev ports onlink`;
  await guests.tell("kvm1", guests.inside("c1", address === KVM1 ? "true" : route));
  const look = `timeout 4 bash -c 'exec 3<>/dev/tcp/${address}/22 && head -c 4 <&3'`;
  return (await guests.ask("kvm1", guests.inside("c1", look))).stdout === "SSH-";
}

beforeAll(async () => {
  project = await Project.create("ports");
  configure();
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe("ports of a host", () => {
  it("lead to both kinds of containers, by TCP and UDP; every check is green, and a second up changes nothing", async () => {
    await greenWithin(120, project);
    expect(await pages("kvm2")).toEqual(PAGES);
    expect(await pages("kvm1"), "from the host itself").toEqual(PAGES);
    const ear = guests.inside("c1", "timeout 30 tcpdump -n -c 1 -i ports udp port 53 2>/dev/null");
    const heard = guests.tell("kvm1", ear);
    const ask = `for i in 1 2 3 4 5 6 7 8; do echo asked >/dev/udp/${KVM1}/5353; sleep 1; done`;
    await guests.tell("kvm2", `bash -c '${ask}'`);
    expect(await heard).toContain(`> ${OWN}.53: `);
    expect(await up()).toEqual([]);
  });

  it("are not reached from a segment, and nothing else of the host is open by them", async () => {
    expect(await pages("c2")).toEqual(["", ""]);
    expect(await pages("c1")).toEqual(["", ""]);
    // Past the address of the host, at the pair's own.
    await guests.tell("kvm2", `ip route add ${OWN}/32 via ${KVM1}`);
    expect(await seen("kvm2", OWN, 80)).toBe("");
  });

  it("let nothing out that the container begins; without their table they do, which is drift", async () => {
    expect([await ssh(KVM1), await ssh(KVM2)]).toEqual([false, false]);
    await guests.tell("kvm1", FLUSH);
    await guests.tell("kvm2", `ip route add ${OWN}/32 via ${KVM1} 2>/dev/null; :`);
    expect([await ssh(KVM1), await ssh(KVM2), await seen("kvm2", OWN, 80)]).toEqual([true, true, "lxc"]);
    expect((await redChecks(project)).join("\n")).toMatch(/c1: the nft table inet \S+ is missing/);
    good(await project.vxlab(["up"], { timeout: 400 }));
    expect([await ssh(KVM1), await ssh(KVM2), await seen("kvm2", OWN, 80)]).toEqual([false, false, ""]);
    await guests.tell("kvm2", `ip route del ${OWN}/32`);
    await led();
  });
});

describe("what changes", () => {
  it("is other ports in place: no container restarts", async () => {
    const { pids } = await guests.facts("kvm1");
    configure({ ports: ["8080:80"] }, { ports: ["8081:80", "8082:80"] });
    const shown = await change(project, ["preview"]);
    expect(shown.words).toContain("5353:53/udp");
    await up();
    expect((await guests.facts("kvm1")).pids["c1"]).toBe(pids["c1"]);
    expect(await seen("kvm2", KVM1, 8082)).toBe("lxc");
  });

  it("is not a port on which the host listens", async () => {
    const pid = await guests.tell("kvm1", "busybox nc -l -p 8090 </dev/null >/dev/null 2>&1 & echo $!");
    configure({ ports: ["8090:80"] });
    const { code, stdout, stderr } = await project.vxlab(["up", "--no-verify"], { timeout: 300 });
    expect([code, stdout + stderr]).toEqual([
      1,
      expect.stringContaining("tcp port 8090 of this host is in use"),
    ]);
    await guests.ask("kvm1", `kill ${pid}`);
    configure();
    await up();
    await led();
  });
});

describe("come back by themselves", () => {
  it("when a container restarts, by vxlab or by itself", async () => {
    good(await project.vxlab(["restart", "web"], { timeout: 400 }));
    await guests.tell("kvm1", "lxc-stop -k -P /var/lib/vxlab/containers -n c1");
    await guests.tell("kvm1", "lxc-start -P /var/lib/vxlab/containers -n c1");
    await led();
    await greenWithin(60, project);
  });

  it("after a reboot of the host", { timeout: 900_000 }, async () => {
    const boot = async () => (await guests.ask("kvm1", "cat /proc/sys/kernel/random/boot_id", 15)).stdout;
    const before = await boot();
    await guests.ask("kvm1", "sync; reboot", 15);
    await guests.hangUp("kvm1");
    await within(240, "another boot", async () => ![before, ""].includes(await boot()));
    await within(240, "both pages", async () => (await pages("kvm2")).join() === PAGES.join());
    await greenWithin(120, project);
    expect(await ssh(KVM2)).toBe(false);
  });
});

describe("the end", () => {
  it("leaves nothing of them on the host, nor of the lab here", async () => {
    configure({}, {});
    await up();
    const left =
      "nft list tables | grep -c -E '_d(c1|web)$'; ls /sys/class/net | grep -c ^p-; ls /var/lib/vxlab/published 2>&1";
    expect((await guests.ask("kvm1", left)).stdout.trim().split("\n").slice(0, 2)).toEqual(["0", "0"]);
    expect(await pages("kvm2")).toEqual(["", ""]);
    const { id } = guests.lab;
    await guests.close();
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [id])).toEqual([]);
  });
});
