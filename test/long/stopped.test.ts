/**
 * Open vSwitch and Docker of an existing host, stopped by its init: `drift` says so in one line, `up` says what to start or starts it, and
 * everything is as before once they run. The hosts are another stack's machines, whose init is busybox's: not systemd.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clean, drift } from "../lib/drift-lab";
import { good, Project } from "../lib/project";
import { within } from "../lib/wait";
import { existing, type Logins } from "../upgrade/labs";
import { office } from "../upgrade/office";

const lab = {} as Parameters<typeof drift>[0];

function settings(logins: Logins): Record<string, unknown> {
  const { underlay, hosts } = existing(logins);
  const red = (last: number) => ({ segment: "red", address: `10.0.3.${last}/24` });
  return {
    ...{ underlay, hosts },
    segments: {
      red: { vni: 100, subnet: "10.0.3.0/24" },
      blue: { vni: 200, vlan: 20, subnet: "10.0.4.0/24", flooding: "flow" },
    },
    containers: {
      c1: { host: "a", ...red(10) },
      c2: { host: "b", ...red(11) },
      w1: { host: "a", kind: "docker", image: "vxlab/busybox", ...red(20) },
      w2: { host: "a", kind: "docker", image: "vxlab/busybox", ...red(21) },
    },
  };
}

beforeAll(async () => {
  lab.project = await Project.create("stopped");
  lab.project.configure(settings(await office(lab.project, { image: { kind: "docker" } })));
  good(await lab.project.vxlab(["up", "--no-verify"], { timeout: 900 }));
});

afterAll(async () => {
  await lab.project?.destroy();
});

const onHost = async (script: string) =>
  good(await lab.project.vxlab(["ssh", "a", "--", script], { timeout: 60 }));

/** As the owner would: out of the init's list, and ended. */
const stop = (...programs: string[]) =>
  onHost(
    `sed -i '${programs.map((name) => `/${name}$/s/^/#/`).join("; ")}' /etc/inittab; kill -HUP 1; sleep 1
for p in ${programs.join(" ")}; do pkill -x $p; done; sleep 2; ! pgrep -x '${programs.join("|")}'`,
  );
const start = () => onHost("sed -i 's/^#\\(::respawn:\\)/\\1/' /etc/inittab; kill -HUP 1");

describe("a lab on hosts that were there before", () => {
  it("has no drift", async () => expect(await drift(lab)).toEqual(clean));

  it("of which one has its Open vSwitch stopped: that is one line, and up says what to do", async () => {
    await stop("ovs-vswitchd", "ovsdb-server");
    const { code, lines, unknown } = await drift(lab);
    expect([code, unknown]).toEqual([2, []]);
    expect(lines).toEqual([expect.stringMatching(/^a: bridge vxbr: Open vSwitch does not answer: /)]);
    const { code: failed, stdout, stderr } = await lab.project.vxlab(["up", "--no-verify"], { timeout: 300 });
    expect([failed, stdout + stderr]).toEqual([
      1,
      expect.stringContaining("Open vSwitch does not run on this host: start ovsdb-server"),
    ]);
    await start();
    await within(120, "Open vSwitch answers", async () => (await drift(lab)).lines.length === 0);
    good(await lab.project.vxlab(["up"], { timeout: 600 }));
    expect(await drift(lab)).toEqual(clean);
  });

  it("of which one has its Docker stopped: that is one line, not one for each container, and goes when it runs again", async () => {
    await stop("dockerd", "containerd");
    const { lines } = await drift(lab);
    expect(lines).toEqual(["a: Docker: does not answer: container w1, container w2 not known"]);
    const shown = good(await lab.project.vxlab(["preview"], { timeout: 300 }));
    expect(shown).toContain("Docker does not answer");
    await start();
    good(await lab.project.vxlab(["up"], { timeout: 600 }));
    expect(await drift(lab)).toEqual(clean);
    good(await lab.project.vxlab(["exec", "c2", "--", "ping", "-c", "3", "-W", "3", "10.0.3.20"]));
  });
});
