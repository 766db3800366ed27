/**
 * Two examples on real machines, with what their own scripts build of Debian's packages: three FRR routers that speak OSPF, whose links fail
 * and are impaired; a firewall and a tap in a service chain.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keepPinging } from "../lib/capture";
import { change } from "../lib/changes";
import { topologyOf } from "../lib/example";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { redChecks, within } from "../lib/wait";

type Topology = Record<string, unknown> & {
  containers: Record<string, { rootfs?: string; archive?: string }>;
};

/** Its settings, with the archive that its script has built. */
async function built(project: Project, folder: string, script: string, file: string): Promise<Topology> {
  const place = join(project.root, "examples", folder);
  good(await project.run("sh", ["-c", `cd '${place}' && sh ./${script}`], { timeout: 600 }));
  const topology = (await topologyOf(project, folder)) as Topology;
  const boxes = Object.entries(topology.containers).map(([name, { rootfs, archive, ...box }]) => [
    name,
    {
      ...box,
      ...(rootfs === undefined ? {} : { rootfs: join(place, file) }),
      ...(archive === undefined ? {} : { archive: join(place, file) }),
    },
  ]);
  return { ...topology, containers: Object.fromEntries(boxes) as Topology["containers"] };
}

describe("examples/ospf", () => {
  let project: Project;
  let guests: Guests;
  let topology: Topology;

  beforeAll(async () => {
    project = await Project.create("ospf");
    topology = await built(project, "ospf", "make-root.sh", "frr.tar.gz");
    project.configure(topology);
    good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
    guests = await Guests.of(project);
  });
  afterAll(async () => {
    await guests?.close();
    await project?.destroy();
  });

  const by = async (): Promise<string> =>
    / dev (\S+)/.exec(await guests.tell("kvm1", guests.inside("r1", "ip route show 10.20.3.0/24")))?.[1] ??
    "";
  const up = async (more: object): Promise<void> => {
    project.configure({ ...topology, ...more });
    good(await change(project, ["up"], { timeout: 600 }));
  };

  it("converges, takes the other segment when a link fails, and returns: its own verify.sh", async () => {
    const env = { VXLAB: join(project.root, "vxlab") };
    const { code, stdout } = await project.run("sh", [join(project.root, "examples", "ospf", "verify.sh")], {
      ...{ env, timeout: 900 },
    });
    console.log(stdout);
    expect(code).toBe(0);
    expect(stdout.match(/^ok /gm)).toHaveLength(9);
    expect(await redChecks(project)).toEqual([]);
  });

  it("takes the other segment while an impairment loses all of the first router's packets there, and returns when it is healed", async () => {
    await within(60, "by eth0", async () => (await by()) === "eth0");
    const pings = await keepPinging(guests, "c1", "10.20.3.10");
    await up({ impairments: { cut: { container: "r1", interface: "eth0", loss: "100%" } } });
    await within(60, "by eth1", async () => (await by()) === "eth1");
    const arrives = async () => (await guests.ping("c1", "-c 3 -W 2 10.20.3.10")).code === 0;
    await within(30, "c3 answers", arrives);
    const { lost, sent } = await pings.end();
    console.log(`a link impaired: ${lost.length} of ${sent} pings lost, 5 a second`);
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThan(150);
    await up({});
    await within(90, "by eth0 again", async () => (await by()) === "eth0");
    expect(await arrives()).toBe(true);
  });
});

describe("examples/firewall", () => {
  let project: Project;
  let guests: Guests;

  beforeAll(async () => {
    project = await Project.create("firewall");
    project.configure(await built(project, "firewall", "build.sh", "firewall.tar"));
    good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
    guests = await Guests.of(project);
  });
  afterAll(async () => {
    await guests?.close();
    await project?.destroy();
  });

  const fetched = async (port: number): Promise<string> => {
    const get = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 10.0.3.11 ${port}`;
    return (await project.vxlab(["exec", "client", "--", "sh", "-c", get], { timeout: 60 })).stdout;
  };

  it("lets port 80 through and no other, and the tap sees what passes", async () => {
    await within(120, "a page", async () => (await fetched(80)).includes("hello"));
    expect(await fetched(8080)).toBe("");
    // The server has both: past the firewall, from its own host.
    const page = `bash -c 'exec 3<>/dev/tcp/10.0.3.11/8080 && printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3 && tail -n 1 <&3'`;
    expect(await guests.tell("kvm2", guests.inside("server", page))).toBe("hello");
    const seen = good(await project.vxlab(["logs", "tap"], { timeout: 60 }));
    expect(seen).toMatch(/IP 10\.0\.3\.10\.\d+ > 10\.0\.3\.11\.80: /);
    expect(seen).not.toContain("10.0.3.11.8080");
    expect(await redChecks(project)).toEqual([]);
  });
});
