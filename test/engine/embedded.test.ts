/** The lab's own libvirtd, for real: needs root and libvirt, starts no machine. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { pathsOf } from "../../system/paths";
import { must, run } from "../../system/process";
import { temporary } from "../lib/temporary";

const script = join(__dirname, "..", "..", "toolchain", "embedded.sh");
const network = `<network><name>t1</name><bridge name='vxt1'/><dns enable='no'/>
  <ip address='192.168.10.1' prefix='24'/></network>`;

class Lab {
  readonly root = temporary("embedded");
  readonly id = pathsOf(this.root, {}).id;
  readonly namespace = join("/run/netns", `vxlab-${this.id}`);
  private readonly env = { ...process.env, VXLAB_ROOT: this.root };

  call(...words: string[]) {
    return run(script, words, { env: this.env, timeout: 60 });
  }

  async start(): Promise<number> {
    const begun = Date.now();
    await must(script, ["start"], { env: this.env, timeout: 60 });
    return Date.now() - begun;
  }

  pid(): number {
    return Number(readFileSync(join("/run/vxlab", this.id, "libvirtd.pid"), "utf8"));
  }

  virsh(...words: string[]): Promise<string> {
    return must("virsh", [
      "-q",
      "-c",
      `qemu+unix:///system?socket=/run/vxlab/${this.id}/libvirt-sock`,
      ...words,
    ]);
  }

  async network(): Promise<void> {
    mkdirSync(join(this.root, ".vxlab"), { recursive: true });
    writeFileSync(join(this.root, ".vxlab", "network.xml"), network);
    await this.virsh("net-create", join(this.root, ".vxlab", "network.xml"));
  }

  async bridges(): Promise<string> {
    return (await this.call("exec", "ip", "-br", "address", "show", "type", "bridge")).stdout;
  }
}

const labs: Lab[] = [];
function lab(): Lab {
  const made = new Lab();
  labs.push(made);
  return made;
}

afterEach(async () => {
  for (const one of labs.splice(0)) {
    await one.call("purge");
  }
});

/** It holds nothing any more; whether init has collected it by then is no matter. */
const dead = (pid: number): boolean =>
  !existsSync(`/proc/${pid}`) || /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));

async function kill(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  await expect.poll(() => dead(pid), { timeout: 20_000 }).toBe(true);
}

const hostView = async () => [
  await must("ip", ["-br", "link"]),
  await must("ip", ["route"]),
  (await run("iptables", ["-S"])).stdout,
  readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8"),
];

describe("the embedded libvirt", () => {
  it("starts, is found running, and goes without a trace", async () => {
    const one = lab();
    expect((await one.call("status")).code).toBe(3);
    await one.start();
    expect((await one.call("status")).stdout).toContain(`pid ${one.pid()}, namespace vxlab-${one.id}`);
    await one.call("purge");
    expect((await one.call("status")).code).toBe(3);
    const remains = [one.namespace, join("/run/vxlab", one.id), join(one.root, ".vxlab", "libvirt")];
    expect(remains.filter((path) => existsSync(path))).toEqual([]);
    expect(readFileSync("/proc/self/mounts", "utf8")).not.toContain(one.id);
    expect((await one.call("stop")).code).toBe(0); // nothing to stop
  });

  it("starts anew where the folder was removed with everything in it", async () => {
    const one = lab();
    await one.start();
    const before = one.pid();
    await one.network();
    rmSync(join(one.root, ".vxlab"), { recursive: true });
    const { code, stderr } = await one.call("start");
    expect([code, stderr]).toEqual([0, expect.stringContaining("was removed while its lab ran")]);
    expect([dead(before), await one.virsh("net-list", "--all", "--name")]).toEqual([true, ""]);
    await one.network();
    const pid = one.pid();
    expect([(await one.call("start")).stderr, one.pid()]).toEqual(["", pid]);
  });

  it("ends no lab of a clone that was moved, when another is made in its place", async () => {
    const one = lab();
    await one.start();
    await one.network();
    const pid = one.pid();
    const moved = join(temporary("embedded-moved"), ".vxlab");
    renameSync(join(one.root, ".vxlab"), moved);
    const { code, stderr } = await one.call("start");
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/is not this lab's: process \d+ of .* stop\n$/),
    ]);
    expect([dead(pid), await one.virsh("net-list", "--name")]).toEqual([
      false,
      expect.stringContaining("t1"),
    ]);
    renameSync(moved, join(one.root, ".vxlab"));
    await one.start();
    expect(one.pid()).toBe(pid);
  });

  it("is not started twice, and the second time costs nothing", async () => {
    const one = lab();
    await one.start();
    const pid = one.pid();
    expect(await one.start()).toBeLessThan(1000); // 60 ms on an idle machine
    expect(one.pid()).toBe(pid);
  });

  it("is started once by two that start it at the same time", async () => {
    const one = lab();
    await Promise.all([one.start(), one.start(), one.start()]);
    const pids = (await must("ip", ["netns", "pids", `vxlab-${one.id}`])).trim().split("\n");
    const names = pids.map((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim());
    expect(names.filter((name) => name === "libvirtd")).toHaveLength(1);
  });

  it("holds nothing of the caller's open", async () => {
    const one = lab();
    // `cat` ends only when nobody has the pipe open any more.
    const { code } = await run("bash", ["-c", `VXLAB_ROOT='${one.root}' '${script}' start 3>&1 | cat`], {
      timeout: 30,
    });
    expect(code).toBe(0);
  });

  it("leaves the host's network alone", async () => {
    const before = await hostView();
    const one = lab();
    await one.start();
    await one.network();
    expect(await one.bridges()).toContain("192.168.10.1/24");
    expect(await hostView()).toEqual(before);
  });

  it("of two checkouts has the same addresses side by side, and ends alone", async () => {
    const [one, two] = [lab(), lab()];
    await Promise.all([one.start(), two.start()]);
    await Promise.all([one.network(), two.network()]);
    expect(await one.bridges()).toContain("192.168.10.1/24");
    await one.call("purge");
    expect(await two.bridges()).toContain("192.168.10.1/24");
    expect(await two.virsh("net-list", "--name")).toContain("t1");
  });

  it("comes back with its networks after libvirtd was killed", async () => {
    const one = lab();
    await one.start();
    await one.network();
    const pid = one.pid();
    await kill(pid);
    await one.start();
    expect(one.pid()).not.toBe(pid);
    expect(await one.virsh("net-list", "--name")).toContain("t1");
  });

  it("comes back after a reboot that left files in /run", async () => {
    const one = lab();
    await one.start();
    await one.network();
    const pid = one.pid();
    await kill(pid);
    // The namespace goes, the empty file that was its name stays; the pid is somebody else's.
    await must("umount", [one.namespace]);
    writeFileSync(join("/run/vxlab", one.id, "libvirtd.pid"), String(process.pid));
    expect((await one.call("status")).code).toBe(3);
    await one.start();
    expect(await one.virsh("net-list", "--name")).not.toContain("t1");
    expect(process.kill(process.pid, 0)).toBe(true);
  });

  it("hides a KVM that does not work", async () => {
    const one = lab();
    await one.start();
    const works = /\b(vmx|svm)\b/.test(readFileSync("/proc/cpuinfo", "utf8"));
    const { stdout } = await run("nsenter", ["-t", String(one.pid()), "-m", "ls", "/dev"]);
    expect(stdout.split("\n").includes("kvm")).toBe(works && existsSync("/dev/kvm"));
    expect(stdout).toContain("urandom");
  });
});
