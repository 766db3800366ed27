import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TopologyError } from "../../plan/errors";
import { Accel } from "../../plan/types";
import { chooseAccel, chooseCodeCache, chooseUri } from "../../components/libvirt/choices";

const FAR = "qemu+ssh://root@far/system";

describe("the hypervisor", () => {
  it("is the environment variable's, then the setting's, then this machine's", () => {
    expect(chooseUri(FAR, { VXLAB_LIBVIRT_URI: "qemu://b/system" })).toBe("qemu://b/system");
    expect(chooseUri(FAR, { VXLAB_LIBVIRT_URI: "" })).toBe(FAR);
    expect(chooseUri(FAR, {})).toBe(FAR);
    expect(chooseUri(undefined, {})).toBe("qemu:///system");
  });

  it.each(["lxc:///", "qemu:///session", "test:///default", "far"])(
    "must not be %s, which is said with the variable's name",
    (VXLAB_LIBVIRT_URI) => {
      const choose = () => chooseUri(FAR, { VXLAB_LIBVIRT_URI });
      expect(choose).toThrow(TopologyError);
      expect(choose).toThrow(`VXLAB_LIBVIRT_URI: got "${VXLAB_LIBVIRT_URI}"`);
      expect(choose).toThrow("Write one such as qemu:///system");
    },
  );

  it("on another machine has KVM, unless it is said that it has not", () => {
    expect(chooseAccel(undefined, FAR)).toBe(Accel.Kvm);
    expect(chooseAccel(Accel.Emulated, FAR)).toBe(Accel.Emulated);
  });
});

describe("the translation cache", () => {
  it("is set where xsltproc is", () => {
    const folder = mkdtempSync(join(tmpdir(), "vxlab-path-"));
    expect(chooseCodeCache(folder)).toBeUndefined();
    mkdirSync(join(folder, "folder", "xsltproc"), { recursive: true });
    expect(chooseCodeCache(join(folder, "folder")), "a folder").toBeUndefined();
    writeFileSync(join(folder, "xsltproc"), "");
    expect(chooseCodeCache(folder), "nothing that can be run").toBeUndefined();
    chmodSync(join(folder, "xsltproc"), 0o755);
    const here = process.cwd();
    process.chdir(folder);
    expect(chooseCodeCache(":/nonexistent:"), "where Pulumi runs").toBeUndefined();
    process.chdir(here);
    expect(chooseCodeCache(`/nonexistent:${folder}`)).toBe(256);
    rmSync(folder, { recursive: true });
  });
});
