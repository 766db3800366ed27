/** Docker on real machines, what takes longer: the commands for every day, and what a registry has, has not, and does not give. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import {
  blobs,
  firstProcess,
  HYPERVISOR,
  imageOf,
  images,
  letIn,
  LXC,
  NEAR,
  pulled,
  REGISTRY,
  settings,
} from "../lib/docker-lab";
import { served } from "../lib/everyday";
import { Guests } from "../lib/guests";
import { imageArchive } from "../lib/image-archive";
import { NameServer } from "../lib/name-server";
import { good, Project } from "../lib/project";
import { Registry } from "../lib/registry";
import { verdicts } from "../lib/wait";

let lab: Project;
let guests: Guests;
let archive: string;
let names: NameServer;

const BOX = { host: "kvm1", kind: "docker", address: "10.0.3.10/24" };
const docker = () => ({ ...BOX, archive });
const said = async (name: string) => good(await lab.vxlab(["exec", name, "--", "cat", "/etc/said"]));

beforeAll(async () => {
  lab = await Project.create("docker-long");
  names = new NameServer(lab);
  archive = imageArchive(lab, "from the archive");
  lab.configure(settings({ c1: docker(), c2: LXC }));
  good(await lab.vxlab(["up"], { timeout: 1200 }));
  await names.start({ [REGISTRY]: HYPERVISOR });
  guests = await Guests.of(lab);
});

afterAll(async () => {
  await guests?.close();
  await names?.close();
  await lab?.destroy();
});

describe("A Docker container", () => {
  it("is copied to and from, restarted, read and reached by the commands for every day", () =>
    served(lab, "c1", "/proc/1/fd/1"));
});

describe("Docker with a registry that has an authority of its own and wants a login", () => {
  let registry: Registry;
  const fetched = (tag: string) => imageOf(registry, tag);
  const r1 = (tag: string) => pulled(registry, tag);
  const c1 = () => ({ ...BOX, image: fetched("1") });

  beforeAll(async () => {
    registry = await Registry.start(lab, REGISTRY, HYPERVISOR);
  });
  afterAll(() => registry?.close());

  it("says of images that cannot be fetched what is lacking, soon, and leaves the others alone", async () => {
    const nowhere = { host: "kvm1", kind: "docker", image: "alpine:3.20" };
    lab.configure(settings({ c1: docker(), c2: LXC, c3: NEAR, c4: nowhere, r1: r1("1") }));
    const before = await firstProcess(guests, "kvm1", "c1");
    const { code, stdout, stderr } = await lab.vxlab(["up"], { timeout: 180 });
    expect(code).not.toBe(0);
    const text = stdout + stderr;
    expect(text).toMatch(/image alpine:3\.20 of container c4 .*cannot be fetched: .*archive: FILE/);
    // For the name of Docker's own registry as well.
    expect(new Set(names.asked()).size).toBeGreaterThan(1);
    expect(text).toMatch(/container r1 .*cannot be fetched: .*x509: .* \/etc\/docker\/certs\.d\//);
    expect(await firstProcess(guests, "kvm1", "c1")).toBe(before);
  });

  it("has to be known to the hosts, and to let them in", () => letIn(guests, registry));

  it("has images of one host", async () => {
    const build = "mkdir /tmp/b && cd /tmp/b && printf 'from the second tag' >said";
    const file = "printf 'FROM test/app\\nCOPY said /etc/said\\n' >Dockerfile";
    const second = `${build} && ${file} && docker build -q -t ${fetched("2")} . && rm -r /tmp/b`;
    await guests.tell("kvm1", `docker tag test/app ${fetched("1")} && ${second}`, 120);
    for (const tag of ["1", "2"]) await guests.tell("kvm1", `docker push -q ${fetched(tag)}`, 120);
    await guests.tell("kvm1", `docker image rm ${fetched("2")} ${fetched("1")}`);
    expect(await images(guests, "kvm1")).toBe("1");
  });

  it("gives one to a container of the other, which LXC's reach and which reaches them", async () => {
    lab.configure(settings({ c1: docker(), c2: LXC, c3: NEAR, r1: r1("1") }));
    const { code, steps, stdout } = await change(lab, ["up"]);
    expect(code, stdout).toBe(0);
    // c4 is what was left of the one that could not be fetched; "lab" shows the settings.
    expect(steps).toEqual(["create lab-r1-step", "delete lab-c4", "update lab"]);
    expect(blobs(registry).length).toBeGreaterThan(0);
    expect(await said("r1")).toBe("from the archive");
    const checks = await verdicts(lab);
    const both = ["ping/c3/r1", "ping/c2/r1", "ping/r1/c2", "ping/c1/r1", "ping/r1/c1"];
    expect(checks.map(({ name }) => name)).toEqual(expect.arrayContaining(both));
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  it("is not asked again", async () => {
    const before = registry.requests().length;
    const preview = await change(lab, ["preview"]);
    expect([preview.code, preview.steps], preview.stdout).toEqual([0, []]);
    const up = await change(lab, ["up"]);
    expect([up.code, up.steps], up.stdout).toEqual([0, []]);
    expect(registry.requests().slice(before)).toEqual([]);
  });

  it("gives another tag's image, and the archive's to the container that has it already", async () => {
    const before = [blobs(registry).length, await firstProcess(guests, "kvm1", "c1")];
    lab.configure(settings({ c1: c1(), c2: LXC, c3: NEAR, r1: r1("2") }));
    const { code, steps, stdout } = await change(lab, ["up"]);
    const changed = ["lab", "lab-c1", "lab-c1-step", "lab-r1", "lab-r1-step"];
    expect(code, stdout).toBe(0);
    expect(steps).toEqual(["delete lab-c1-archive", ...changed.map((name) => `update ${name}`)]);
    expect(await said("r1")).toBe("from the second tag");
    expect(await images(guests, "kvm2")).toBe("1");
    expect(blobs(registry).length).toBeGreaterThan(Number(before[0]));
    expect(await firstProcess(guests, "kvm1", "c1")).toBe(before[1]);
  });

  it("has no such tag: says so, and all that runs runs on", async () => {
    const all = async () => [
      await firstProcess(guests, "kvm1", "c1"),
      await firstProcess(guests, "kvm2", "r1"),
      await guests.facts("kvm2"),
    ];
    const before = await all();
    const boxes = { c1: c1(), c2: LXC, c3: NEAR };
    lab.configure(settings({ ...boxes, r1: r1("9") }));
    const { code, stdout, stderr } = await lab.vxlab(["up"], { timeout: 180 });
    expect(code).not.toBe(0);
    expect(stdout + stderr).toMatch(/said:9 of container r1 .*cannot be fetched: .*a tag that it has/);
    expect(await all()).toEqual(before);
    expect(await said("r1")).toBe("from the second tag");
    lab.configure(settings({ ...boxes, r1: r1("2") }));
    const { steps } = await change(lab, ["preview"]);
    expect(steps.filter((step) => step.endsWith("-step"))).toEqual([]);
  });
});
