import { describe, expect, it } from "vitest";
import { addressText } from "../../plan/addresses";
import { addressOf, isLocal, uriFault, virshUri } from "../../plan/libvirt-uri";

const SSH = "qemu+ssh://root@far:2222/system";

describe("a hypervisor's URI", () => {
  it.each([
    "qemu:///system",
    "qemu:///system?socket=/run/x/libvirt-sock",
    "qemu+unix:///system",
    "qemu://far/system",
    "qemu+tcp://[fd00::1]/system",
    `${SSH}?keyfile=/k&sshauth=privkey&knownhosts=/h`,
  ])("may be %s", (uri) => {
    expect(uriFault(uri)).toBeUndefined();
  });

  it.each([
    [undefined, "not a libvirt URI"],
    ["far", "not a libvirt URI"],
    ["qemu:///sys tem", "not a libvirt URI"],
    ["test:///default", "libvirt's driver test"],
    ["lxc:///", "libvirt's driver lxc"],
    ["lxc:///system", "libvirt's driver lxc"],
    ["xen:///system", "libvirt's driver xen"],
    ["xen+ssh://root@far/system", "libvirt's driver xen"],
    ["ch:///system", "libvirt's driver ch"],
    ["qemu:///session", "Ends in /session instead of /system"],
    ["qemu+ssh://root@far/session", "Ends in /session instead of /system"],
    ["qemu+ssh://root@far", "Ends in no path instead of /system"],
    ["qemu:///", "Ends in / instead of /system"],
    ["qemu:///system/", "Ends in /system/ instead of /system"],
    ["qemu:///embed?root=/r", "Ends in /embed"],
    ["qemu+shs://far/system", "the transport shs"],
    ["qemu+libssh://far/system", "the transport libssh"],
    ["qemu+ssh://root:secret@far/system", "a password"],
    [`${SSH}?no_verify=1`, "Disables host key"],
    [`${SSH}?no_verify`, "Disables host key"],
    [`${SSH}?known_hosts_verify=ignore`, "Disables host key"],
    [`${SSH}?keyfile=~/.ssh/id`, "keyfile is not an absolute path"],
    [`${SSH}?knownhosts=$HOME/hosts`, "knownhosts is not an absolute path"],
    ["qemu:///system?socket=sock", "socket is not an absolute path"],
  ])("must not be %s", (uri, fault) => {
    expect(uriFault(uri)).toContain(fault);
  });

  it.each([
    ["qemu:///system", true],
    ["qemu+unix:///system?socket=/s", true],
    ["qemu+ssh://root@localhost/system", true],
    ["qemu+tcp://127.0.0.1/system", true],
    ["qemu+tcp://[::1]/system", true],
    [SSH, false],
    ["qemu://127.example/system", false],
  ])("%s is of this machine: %s", (uri, local) => {
    expect(isLocal(uri)).toBe(local);
  });

  it.each([
    ["qemu+ssh://root@192.168.10.2/system", "192.168.10.2"],
    ["qemu+ssh://root@192.168.10.2:2222/system?keyfile=/k", "192.168.10.2"],
    ["qemu+tcp://[fd00::1]/system", "fd00::1"],
    [SSH, undefined],
    ["qemu:///system", undefined],
    ["qemu+tcp://127.0.0.1/system", undefined],
  ])("%s is at the address %s", (uri, address) => {
    const found = addressOf(uri);
    expect(found === undefined ? undefined : addressText(found)).toBe(address);
  });

  it.each([
    ["qemu:///system", "qemu:///system"],
    ["qemu:///system?socket=/run/x/sock", "qemu+unix:///system?socket=/run/x/sock"],
    ["qemu+unix:///system?socket=/s", "qemu+unix:///system?socket=/s"],
    ["qemu+tcp://far/system", "qemu+tcp://far/system"],
    [`${SSH}?keyfile=/k`, `${SSH}?keyfile=%2Fk&no_tty=1`],
    [
      `${SSH}?knownhosts=/h&sshauth=privkey`,
      "qemu+libssh://root@far:2222/system?sshauth=privkey&known_hosts=%2Fh&known_hosts_verify=normal",
    ],
  ])("%s is for virsh %s", (uri, virsh) => {
    expect(virshUri(uri)).toBe(virsh);
  });
});
