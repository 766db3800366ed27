import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emulatedXslt, kernelLine } from "../../components/host/domain.component";
import { temporary } from "../lib/temporary";

describe("a kernel line", () => {
  it.each([
    ["", []],
    ["rw quiet", [{ _: "rw quiet" }]],
    ["root=/dev/vda rw console=ttyS0", [{ console: "ttyS0", root: "/dev/vda" }, { _: "rw" }]],
    ["root=UUID=a-b  quiet", [{ root: "UUID=a-b" }, { _: "quiet" }]],
    ["console=tty0 console=ttyS0", [{ console: "tty0" }, { console: "ttyS0" }]],
  ])("%j is given as the provider reads it back", (line, entries) => {
    expect(kernelLine(line)).toEqual(entries);
  });
});

describe("the stylesheet of emulated machines", () => {
  const sheet = join(temporary("xslt"), "sheet.xsl");
  writeFileSync(sheet, emulatedXslt(128));
  /** As the provider writes it, as far as it matters here. */
  const domain = (type: string) => `<domain type="${type}">
  <name>h</name>
  <os><type arch="x86_64" machine="pc-i440fx-7.2">hvm</type><kernel>/k</kernel></os>
  <features><pae/><acpi/><apic/></features>
  <devices>
    <disk type="volume" device="disk"><target dev="vda" bus="virtio"/></disk>
    <channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>
  </devices>
</domain>`;
  const styled = (type: string): string => {
    const { stdout, stderr } = spawnSync("xsltproc", [sheet, "-"], { input: domain(type), encoding: "utf8" });
    expect(stderr).toBe("");
    return stdout.trim();
  };

  it("leaves out what an emulated machine would only lose time with", () => {
    const text = styled("qemu");
    expect(text).toContain('<type arch="x86_64" machine="q35">hvm</type><kernel>/k</kernel>');
    expect(text).toContain('<pae/><acpi/><apic/><tcg><tb-cache unit="MiB">128</tb-cache></tcg></features>');
    expect(text).toContain('<disk type="volume" device="disk"><target dev="vda" bus="virtio"/></disk>');
    expect(text).toMatch(/<controller type="usb" model="none"\/><memballoon model="none"\/><\/devices>/);
    expect(text).not.toContain("channel");
  });

  it("changes nothing of one that KVM runs", () => {
    expect(styled("kvm")).toBe(domain("kvm"));
  });
});
