/** A Docker container on one machine and an LXC container on another share a segment; no registry is in reach. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { Guests } from "../lib/guests";
import { imageArchive } from "../lib/image-archive";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { verdicts, within } from "../lib/wait";

let lab: Project;
let guests: Guests;
let archive: string;

const lxc = { host: "kvm2", address: "10.0.3.11/24" };
const docker = () => ({
  host: "kvm1",
  kind: "docker",
  archive,
  env: { GREETING: "it's me" },
  address: "10.0.3.10/24",
});
const settings = (containers: object) => ({ image: { kind: "docker" }, containers });

beforeAll(async () => {
  lab = await Project.create("docker");
  archive = imageArchive(lab, "from the archive");
  lab.configure(settings({ c1: docker(), c2: lxc }));
  good(await lab.vxlab(["up"], { timeout: 1200 }));
  guests = await Guests.of(lab);
});

afterAll(async () => {
  await guests?.close();
  await lab?.destroy();
});

const images = () => guests.tell("kvm1", "docker image ls -q | wc -l");

describe("Docker beside LXC", () => {
  it("runs the archive's image with its environment", async () => {
    const said = await lab.vxlab([
      "exec",
      "c1",
      "--",
      "sh",
      "-c",
      'cat /etc/said; echo " $GREETING"; hostname',
    ]);
    expect(good(said)).toBe("from the archive it's me\nc1\n");
  });

  it("keeps Docker's own network out of it", async () => {
    const look = "cat /proc/sys/net/ipv4/ip_forward; ip -br link show type bridge; nft list tables";
    expect(await guests.tell("kvm1", look)).toBe("0");
  });

  it("shows no changes the second time", async () => {
    const { code, steps, stdout } = await change(lab, ["preview"]);
    expect([code, steps], stdout).toEqual([0, []]);
  });

  it("comes back after a reboot of its machine: pings both ways, full packets, none too long", async () => {
    await lab.vxlab(["ssh", "kvm1", "--", "reboot"]);
    await guests.hangUp("kvm1");
    // From the other machine: each look at the one that boots costs it seconds.
    const answers = async () => (await guests.ping("c2", "-c 1 -W 2 10.0.3.10")).code === 0;
    await within(400, "c1 answers", answers);
    let names: string[] = [];
    await within(60, "every check green", async () => {
      const checks = await verdicts(lab);
      names = checks.map(({ name }) => name);
      return checks.every(({ ok }) => ok);
    });
    const mtu = ["mtu/c1/c2/1450", "mtu/c1/c2/1451", "mtu/c2/c1/1450", "mtu/c2/c1/1451"];
    expect(names).toEqual(expect.arrayContaining(["ping/c1/c2", "ping/c2/c1", "wire/c1/c2", ...mtu]));
  });

  it("says of an image that cannot be fetched what to do, soon, and leaves the others alone", async () => {
    lab.configure(
      settings({ c1: docker(), c2: lxc, c3: { host: "kvm1", kind: "docker", image: "alpine:3.20" } }),
    );
    const before = await guests.tell("kvm1", "docker inspect -f {{.State.Pid}} vxlab-c1");
    const { code, stdout, stderr } = await lab.vxlab(["up"], { timeout: 120 });
    expect(code).not.toBe(0);
    expect(stdout + stderr).toMatch(
      /image alpine:3\.20 of container c3 .*cannot be fetched: .*archive: FILE/,
    );
    expect(await guests.tell("kvm1", "docker inspect -f {{.State.Pid}} vxlab-c1")).toBe(before);
  });

  it("goes alone, with its image", async () => {
    expect(await images()).toBe("1");
    const before = await guests.facts("kvm2");
    lab.configure(settings({ c2: lxc }));
    const { code, steps, stdout } = await change(lab, ["up"]);
    const gone = ["delete lab-c1", "delete lab-c1-archive", "delete lab-c1-step"];
    expect(code, stdout).toBe(0);
    expect(steps).toEqual(expect.arrayContaining(gone));
    // "lab" is the component that shows the settings.
    expect(steps.filter((step) => !/ lab-c[13](-|$)/.test(step))).toEqual(["update lab"]);
    expect(
      await guests.tell("kvm1", "docker ps -aq; ls /var/lib/vxlab/images; ovs-vsctl list-ports vxbr"),
    ).toMatch(/^vx100-\S+$/);
    expect(await images()).toBe("0");
    expect(await guests.facts("kvm2")).toEqual(before);
  });

  it("is taken down whole", async () => {
    const { id } = guests.lab;
    await guests.close();
    good(await lab.vxlab(["down"]));
    expect(remains(lab, [id])).toEqual([]);
  });
});
