/** A lab whose commands are run twice at once, or find a full disk: the same command again, and all is as it was to be. */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EDITED, ONE_HOST } from "../lib/cuts";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { redChecks } from "../lib/wait";

/** Takes all the room of a machine's disk, reserved blocks too. */
const FILL = `i=0
for mib in 2048 512 128 32 8 2; do
  while fallocate -l $((mib << 20)) /root/full.$i 2>/dev/null; do i=$((i + 1)); done
done
dd if=/dev/zero of=/root/full.$i bs=4k 2>/dev/null; sync; df -k /`;

let project: Project;

beforeAll(async () => {
  project = await Project.create("interrupted");
});

afterAll(() => project?.destroy());

describe("a full disk under the storage pool", () => {
  /** A file system of its own, beside the copy: what is full is nobody else's. */
  let disk: string;
  const place = () => join(project.paths.dot, "libvirt");
  const MIB_TOO_FEW = 80;
  const MIB_ENOUGH = 600;

  beforeAll(async () => {
    disk = mkdtempSync(join(tmpdir(), "vxlab-full-"));
    good(await project.run("mount", ["-t", "tmpfs", "-o", `size=${MIB_TOO_FEW}m`, "vxlab-full", disk]));
    symlinkSync(disk, place());
  });

  afterAll(async () => {
    if (disk === undefined) return;
    await project.vxlab(["down"], { timeout: 300 });
    await project.run("umount", ["-l", disk]);
    rmSync(disk, { recursive: true });
  });

  it("is what the first error names", async () => {
    project.configure(ONE_HOST);
    const { code, stderr } = await project.vxlab(["up", "--no-verify"], { timeout: 600 });
    expect(code).toBe(1);
    const errors = stderr.split("\n\n").filter((part) => /^(Volume|CloudinitDisk|Domain|Pool) /.test(part));
    expect(errors[0]).toMatch(/No space left on device/);
    expect(errors[0]).toContain("lab-image");
  });

  it("with room again: up completes, and all is as it was to be", async () => {
    good(await project.run("mount", ["-o", `remount,size=${MIB_ENOUGH}m`, disk]));
    good(await project.vxlab(["up", "--no-verify"], { timeout: 600 }));
    expect(await redChecks(project)).toEqual([]);
  });

  describe("two at once", () => {
    it("of ./vxlab up: the second is refused with code 4, and the first is not disturbed", async () => {
      project.configure(ONE_HOST);
      const first = project.vxlab(["up", "--no-verify"], { timeout: 600 });
      await new Promise((resolve) => setTimeout(resolve, 2000));
      const second = await project.vxlab(["up", "--no-verify"]);
      expect([second.code, second.stderr]).toEqual([
        4,
        expect.stringMatching(/another vxlab \(pid \d+\) is changing this lab/),
      ]);
      good(await first);
    });
  });

  describe("and a full disk in a machine", () => {
    it("is what the first error names, with the host; what runs goes on", async () => {
      const guests = await Guests.of(project);
      const { pids } = await guests.facts("kvm1");
      await guests.ask("kvm1", FILL);
      project.configure(EDITED);
      const { code, stderr } = await project.vxlab(["up", "--no-verify"], { timeout: 300 });
      const after = await guests.facts("kvm1");
      await guests.tell("kvm1", "rm /root/full.*");
      await guests.close();
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/No space left on device\n {2}the disk of kvm1 is full/),
      ]);
      expect(after.pids["c1"]).toBe(pids["c1"]);
    });

    it("with room again: up completes", async () => {
      good(await project.vxlab(["up", "--no-verify"], { timeout: 300 }));
      expect(await redChecks(project)).toEqual([]);
    });
  });
});
