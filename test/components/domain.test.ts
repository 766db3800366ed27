import { describe, expect, it } from "vitest";
import { kernelLine } from "../../components/domain";
import { virshUri } from "../../components/orphans";

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

describe("a hypervisor's URI", () => {
  it.each([
    ["qemu:///system", "qemu:///system"],
    ["qemu:///system?socket=/run/x/libvirt-sock", "qemu+unix:///system?socket=/run/x/libvirt-sock"],
    ["qemu+ssh://root@hv/system?keyfile=/k", "qemu+ssh://root@hv/system?keyfile=/k"],
  ])("%s is for virsh %s", (uri, virsh) => {
    expect(virshUri(uri)).toBe(virsh);
  });
});
