/** guest/host/check.sh: what an existing host must have, asked as it is asked over SSH. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CHECK_COMMAND, CHECK_HOST } from "../../guest/render";
import { temporary } from "../lib/temporary";

const TOOLS: Record<string, string> = {
  "ovs-vsctl": "",
  "lxc-start": "",
  busybox: "",
  flock: "",
  tcpdump: "",
  id: "echo 0",
  ip: `case "$*" in
    "-o address show to 192.168.10.11" | *"scope global") echo "2: eth0    inet 192.168.10.11/24 scope global eth0" ;;
    "-o address show to "[!0-9]*) echo 'Error: any valid prefix is expected rather than "nonsense".' >&2; exit 1 ;;
  esac`,
  awk: 'exec /usr/bin/awk "$@"',
};

/** A host with these programs; false: not there. */
function check(vtep: string, change: Record<string, string | false> = {}, shell = "dash") {
  const bin = temporary("check");
  for (const [name, body] of Object.entries({ ...TOOLS, ...change }))
    if (body !== false) writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  const script = CHECK_HOST.replace(/^PATH=.*$/m, `PATH=${bin}`);
  if (script === CHECK_HOST) throw new Error("check.sh sets no PATH");
  const [program = "", ...words] = shell.split(" ");
  const { status, stdout, stderr } = spawnSync(program, [...words, "-c", CHECK_COMMAND], {
    input: `${vtep}\n${script}`,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("an existing host", () => {
  it.each(["dash", "bash", "busybox sh"])("that has everything passes, by way of %s", (shell) =>
    expect(check("192.168.10.11", {}, shell)).toEqual({ status: 0, stdout: '{"ready":true}\n', stderr: "" }),
  );

  it("that lacks things is told all of them at once, with the cure", () => {
    const { status, stderr } = check("192.168.10.11", { "ovs-vsctl": false, busybox: false });
    expect(status).toBe(1);
    expect(stderr).toContain(
      "this host lacks openvswitch-switch, busybox-static. Nothing was changed there.",
    );
    expect(stderr).toContain("ssh root@HOST sh -s <prepare.sh");
  });

  it("that lets in somebody who is not root is refused", () => {
    const { status, stderr } = check("192.168.10.11", { id: '[ "$1" = -u ] && echo 1000 || echo ops' });
    expect([status, stderr]).toEqual([1, expect.stringContaining("vxlab: ops is not root on this host")]);
  });

  it("whose Open vSwitch does not answer is refused", () =>
    expect(check("192.168.10.11", { "ovs-vsctl": "exit 1" }).stderr).toContain("a running Open vSwitch."));

  it.each(["192.168.10.12", "nonsense", ""])(
    "without the VTEP %j is refused, and its addresses are named",
    (vtep) => {
      const { status, stderr } = check(vtep);
      expect(status).toBe(1);
      expect(stderr).toContain(`no interface of this host has ${vtep}, the address of its VTEP`);
      expect(stderr).toContain("vxlab:   192.168.10.11/24 on eth0");
    },
  );
});
