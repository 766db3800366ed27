import { describe, expect, it } from "vitest";
import { deploy, virshDoes } from "./world";

const FAR = "qemu+ssh://root@far/system";

describe("hypervisors that are asked before anything is made", () => {
  const ask = async (line: string, uri = FAR) => {
    virshDoes(line);
    const { hypervisor, unreachable } = await import("../../components/libvirt/hypervisor");
    let found: unknown;
    await deploy(async () => {
      const one = hypervisor("lab-far", uri, "underlays.far.libvirtUri", undefined as never);
      found = await unreachable([one]);
    });
    virshDoes("exit 0");
    return found;
  };

  it("are in order when virsh and the provider get in", async () => {
    expect(await ask("exit 0")).toEqual([]);
  });

  it("are named with their setting and virsh's last complaint", async () => {
    const said =
      "printf 'error: failed to connect to the hypervisor\\nerror: Connection refused.\\n' >&2; exit 1";
    expect(await ask(said)).toMatchObject([
      { path: "underlays.far.libvirtUri", got: FAR, message: "Cannot be reached: Connection refused." },
    ]);
  });

  it("are asked by virsh in virsh's spelling", async () => {
    const uri = `${FAR}?knownhosts=/h`;
    expect(await ask('case "$3" in *+libssh*known_hosts=*) ;; *) exit 1 ;; esac', uri)).toEqual([]);
  });
});
