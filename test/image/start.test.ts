/** The image's init scripts, with programs that write down that they ran. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { temporary } from "../lib/temporary";

const image = resolve(__dirname, "../../image");
const scratch = temporary("start");

describe("Open vSwitch's start", () => {
  /** What runs, in order, on a machine that has these files. */
  function started(name: string, has: readonly string[], nft = ""): string[] {
    const root = join(scratch, name);
    for (const folder of ["bin", "run/openvswitch", "var/lib/vxlab", "usr/bin"])
      mkdirSync(join(root, folder), { recursive: true });
    for (const file of has) writeFileSync(join(root, file), "");
    const program = (at: string, lines: string) => {
      const text = `#!/bin/sh\necho "\${0##*/} $*" >>${root}/ran\n${lines}\n`;
      writeFileSync(join(root, at), text, { mode: 0o755 });
    };
    program("bin/nft", nft);
    program("usr/bin/unshare", "");
    writeFileSync(join(root, "wait.sh"), `wait_for() { echo "wait \${1##*/}" >>${root}/ran; }\n`);
    const script = readFileSync(join(image, "recipe/files/usr/lib/vxlab-init/ovs-vswitchd"), "utf8")
      .replace("/usr/lib/vxlab-init/wait.sh", `${root}/wait.sh`)
      .replace(/(?<=[ >])\/(?=var\/lib|run\/|usr\/bin|dev\/)/g, `${root}/`);
    mkdirSync(join(root, "dev"));
    const env = { PATH: `${root}/bin:/usr/bin:/bin` };
    expect(spawnSync("dash", ["-c", script], { env, encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    });
    return readFileSync(join(root, "ran"), "utf8").replaceAll(root, "").trimEnd().split("\n");
  }
  const loaded = "nft -f /var/lib/vxlab/guard.nft";
  const last = (ran: string[]) => ran.at(-1)?.split(" ")[0];

  it("comes after the host guard, whose rules are loaded without waiting for anything", () => {
    const ran = started("guarded", ["var/lib/vxlab/guard.nft"]);
    expect([ran[0], ran[1], last(ran)]).toEqual([loaded, "wait db.sock", "unshare"]);
  });

  it("needs no guard: on a machine that has none yet, or whose rules nft refuses", () => {
    expect(started("bare", [])).not.toContain(loaded);
    expect(last(started("refused", ["var/lib/vxlab/guard.nft"], "exit 1"))).toBe("unshare");
  });

  it("does not load it once more when ovs-vswitchd died", () => {
    const ran = started("died", ["var/lib/vxlab/guard.nft", "run/openvswitch/ready"]);
    expect(ran).not.toContain(loaded);
  });
});

describe("address space layout randomization", () => {
  /** What the kernel has after the start on such a processor. */
  function after(name: string, model: string): string {
    const root = join(scratch, name);
    mkdirSync(join(root, "proc/sys/kernel"), { recursive: true });
    writeFileSync(
      join(root, "proc/cpuinfo"),
      `processor\t: 0\nmodel name\t: ${model}\nflags\t\t: fpu hypervisor\n`,
    );
    writeFileSync(join(root, "proc/sys/kernel/randomize_va_space"), "2\n");
    const rcS = readFileSync(join(image, "recipe/files/etc/init.d/rcS"), "utf8");
    const [lines = "exit 1"] = /^case \$\(cat \/proc\/cpuinfo\).*esac$/m.exec(rcS) ?? [];
    const script = lines.replaceAll("/proc/", `${root}/proc/`);
    expect(spawnSync("dash", ["-euc", script], { encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    });
    return readFileSync(join(root, "proc/sys/kernel/randomize_va_space"), "utf8").trim();
  }

  it("is off where QEMU emulates the processor, and stays on where it is real", () => {
    expect(after("emulated", "QEMU TCG CPU version 2.5+")).toBe("0");
    expect(after("real", "AMD EPYC 7763 64-Core Processor")).toBe("2");
  });
});
