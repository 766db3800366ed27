/**
 * Docker containers and LXC containers on two machines share a segment that leads out; images of an archive, and of a
 * registry that is known by its name. More of it: test/long/docker.test.ts.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
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
import { Guests } from "../lib/guests";
import { imageArchive } from "../lib/image-archive";
import { ArgumentWatch, leaksIn, textsBelow } from "../lib/leaks";
import { good, Project } from "../lib/project";
import { NameServer } from "../lib/name-server";
import { Registry } from "../lib/registry";
import { remains } from "../lib/remains";
import { verdicts, within } from "../lib/wait";

let lab: Project;
let guests: Guests;
let archive: string;
let names: NameServer;

/** Names that no shell hands on, or that the start script uses itself, and values that a shell could read otherwise. */
const hostile = {
  ...{ "discovery.type": "single-node", "http-proxy": "", tries: "5", folder: "/d", IFS: "x" },
  ...{ LINES: `one\n"two" \\\n`, here: "$(touch /pwned)" },
};
/** Docker takes these as arguments only, so they cannot be secrets. */
const odd = { "a b": "'c'", ключ: "🐎" };
const env = { GREETING: "it's me", ...hostile, ...odd };
const docker = () => ({ host: "kvm1", kind: "docker", env, archive, address: "10.0.3.10/24" });

beforeAll(async () => {
  lab = await Project.create("docker");
  names = new NameServer(lab);
  archive = imageArchive(lab, "from the archive");
  lab.configure(settings({ c1: docker(), c2: LXC, c3: NEAR }));
  good(await lab.vxlab(["up", "--no-verify"], { timeout: 1200 }));
  await names.start({ [REGISTRY]: HYPERVISOR });
  guests = await Guests.of(lab);
});

afterAll(async () => {
  await guests?.close();
  await names?.close();
  await lab?.destroy();
});

/** Of a container's first process, as the kernel has it. */
async function environment(host: string, name: string): Promise<string[]> {
  const read = `base64 -w 0 /proc/${await firstProcess(guests, host, name)}/environ`;
  const bytes = Buffer.from(await guests.tell(host, read), "base64");
  return bytes.toString("utf8").split("\0").slice(0, -1).sort();
}
const lines = (variables: object) =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value}`)
    .sort();

describe("Docker beside LXC", () => {
  it("runs the archive's image with its environment", async () => {
    const look = ["sh", "-c", 'cat /etc/said; echo " $GREETING"; hostname'];
    expect(good(await lab.vxlab(["exec", "c1", "--", ...look]))).toBe("from the archive it's me\nc1\n");
  });

  it("gives its first process every variable byte for byte, and nothing of its own", async () => {
    const added = /^(PATH|HOSTNAME|HOME)=/;
    const found = await environment("kvm1", "c1");
    expect(found.filter((one) => !added.test(one))).toEqual(lines(env));
  });

  it("keeps Docker's own network out of it", async () => {
    const look = "cat /proc/sys/net/ipv4/ip_forward; ip -br link show type bridge; nft list tables";
    expect(await guests.tell("kvm1", look)).toBe("0\ntable inet vxlab_guard");
  });

  it("keeps its volumes, which every user could read, in a folder that only root and QEMU enter", () => {
    const folder = join(lab.paths.dot, "libvirt", "lib", "images", `vxlab-${guests.lab.id}-pool`);
    expect(statSync(folder).mode & 0o777).toBe(0o710);
    const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o004);
    expect(modes).toContain(0o004); // else there would be nothing to keep from others
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
    await within(60, "every check of packets green", async () => {
      const checks = await verdicts(lab, "container", "ping", "mtu", "wire", "beyond");
      names = checks.map(({ name }) => name);
      return checks.every(({ ok }) => ok);
    });
    const mtu = ["mtu/c1/c2/1450", "mtu/c1/c2/1451", "mtu/c2/c1/1450", "mtu/c2/c1/1451"];
    expect(names).toEqual(expect.arrayContaining(["ping/c1/c2", "ping/c2/c1", "wire/c1/c2", ...mtu]));
  });
});

describe("A secret variable", () => {
  const SECRETS = "/var/lib/vxlab/secrets";
  const token = `canary-${randomBytes(8).toString("hex")}`;
  const key = `canary-${randomBytes(8).toString("hex")}`;
  const needles = { token, key };
  const secrets = { TOKEN: token, KEY: `-----BEGIN-----\n${key}\n` };
  const seen = "/run/vxlab-arguments-seen";
  let preview = "";
  let up = "";
  let here = "";
  let there = "";

  async function configure(more: object): Promise<void> {
    const c1 = { ...docker(), env: { GREETING: "it's me", ...hostile, ...more } };
    lab.configure(settings({ c1, c2: LXC, c3: NEAR }));
    const set = ["config", "set", "--secret", "--path"];
    for (const [name, value] of Object.entries(secrets))
      // By stdin, of which Pulumi drops the last newline: a value may begin as an option does.
      good(await lab.pulumi([...set, `vxlab:containers.c1.env.${name}`], { input: `${value}\n` }));
  }

  /** Every argument of a process on kvm1, until the file is there or two minutes are over. */
  const watched = () =>
    guests.tell(
      "kvm1",
      `rm -f ${seen}; for n in $(seq 1200); do [ ! -e ${seen} ] || break; ` +
        "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; sleep 0.1; done | sort -u",
      400,
    );

  /** Files of a host with a secret in them. */
  async function places(host: string): Promise<string[]> {
    const folders = "/etc /home /root /run /tmp /usr/lib/vxlab /var";
    const search = `cat >/dev/needles; find ${folders} -xdev -type f -exec grep -lsF -f /dev/needles {} + || :; rm /dev/needles`;
    const found = await guests.tell(host, search, 300, `${token}\n${key}\n`);
    const names = found.split("\n").filter((one) => one !== "");
    return names.map((one) => one.replace(/[0-9a-f]{64}/, "ID")).sort();
  }

  it("is refused where Docker would take it as an argument, before anything is touched", async () => {
    await configure(odd);
    const { code, stdout, stderr } = await lab.vxlab(["preview"]);
    expect(code).not.toBe(0);
    const text = (stdout + stderr).replace(/\s+/g, " ");
    expect(text).toMatch(/containers\.c1\.env\["a b"\]: got "\[secret\]" Cannot be secret/);
    expect(leaksIn({ preview: stdout + stderr }, needles)).toEqual([]);
  });

  it("arrives, and the preview before says what changes without its value", async () => {
    await configure({});
    preview = good(await lab.pulumi(["preview", "--diff"]));
    const [watch, guest] = [new ArgumentWatch(), watched()];
    up = good(await lab.vxlab(["up", "--no-verify"], { timeout: 400 }));
    here = watch.end();
    await guests.tell("kvm1", `touch ${seen}`);
    there = await guest;
    const found = await environment("kvm1", "c1");
    expect(found).toEqual(expect.arrayContaining(lines({ ...hostile, ...secrets })));
    const look = ["sh", "-c", 'printf %s "$TOKEN"'];
    expect(good(await lab.vxlab(["exec", "c1", "--", ...look]))).toBe(token);
    expect(preview).toMatch(/TOKEN *: \[secret\]/);
  });

  it("is told to nobody", async () => {
    expect(there).toMatch(/vxlab-container=[0-9a-f]{8}-lab-c1/); // docker create was seen
    const checked = await lab.vxlab(["verify", "--json"]);
    expect(checked.code, checked.stdout).toBe(0);
    const texts = {
      preview,
      "output of up": up,
      "arguments of processes here": here,
      "arguments of processes on the host": there,
      "stack output": good(await lab.pulumi(["stack", "output", "--json"])),
      "stack export": good(await lab.pulumi(["stack", "export"])),
      "preview of nothing": good(await lab.pulumi(["preview", "--diff"])),
      verify: checked.stdout + checked.stderr,
      status: good(await lab.vxlab(["status", "--json"])),
      "observe all": await guests.tell("kvm1", "/usr/lib/vxlab/guest observe all"),
      "docker's log": await guests.tell("kvm1", "cat /var/log/dockerd.log"),
      settings: readFileSync(join(lab.root, "Pulumi.lab.yaml"), "utf8"),
      ...textsBelow(lab.paths.dot, ["pulumi-home", "test-ssh", "libvirt/lib/images"]),
    };
    expect(Object.keys(texts)).toContain("state/.pulumi/stacks/vxlab/lab.json");
    expect(leaksIn(texts, needles)).toEqual([]);
  });

  it("is on its host where Docker and vxlab keep it, for root alone, and on no other", async () => {
    expect(await places("kvm1")).toEqual([
      "/run/containerd/io.containerd.runtime.v2.task/moby/ID/config.json",
      "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db",
      "/var/lib/docker/containers/ID/config.v2.json",
      expect.stringMatching(/^\/var\/lib\/vxlab\/secrets\/container-[0-9a-f]{8}-lab-c1\.json$/),
    ]);
    // Others read a file that lets them, below folders that all let them in.
    const others = `for file in /run/containerd/io.containerd.runtime.v2.task/moby/*/config.json \\
      /var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db /var/lib/docker/containers/*/config.v2.json ${SECRETS}/*; do
      shut=; way=$file
      [ $((0$(stat -c %a "$file") & 4)) != 0 ] || shut=yes
      while way=\${way%/*} && [ -n "$way" ]; do [ $((0$(stat -c %a "$way") & 1)) != 0 ] || shut=yes; done
      [ -n "$shut" ] || echo "$file"
    done`;
    expect(await guests.tell("kvm1", others)).toBe("");
    expect(await places("kvm2")).toEqual([]);
  });

  it("that is taken away leaves nothing of it on the host", async () => {
    lab.configure(settings({ c1: docker(), c2: LXC, c3: NEAR }));
    good(await change(lab, ["up"], { timeout: 400 }));
    expect(await places("kvm1")).toEqual([]);
    expect((await environment("kvm1", "c1")).filter((one) => one.includes("canary"))).toEqual([]);
  });
});

describe("Docker with a registry that has an authority of its own and wants a login", () => {
  let registry: Registry;

  beforeAll(async () => {
    registry = await Registry.start(lab, REGISTRY, HYPERVISOR);
  });
  afterAll(() => registry?.close());

  it("gets it from one host, and gives it to a container of the other, which LXC's reach and which reaches them", async () => {
    await letIn(guests, registry);
    const first = imageOf(registry, "1");
    await guests.tell("kvm1", `docker tag test/app ${first} && docker push -q ${first}`, 120);
    await guests.tell("kvm1", `docker image rm ${first}`);
    expect(await images(guests, "kvm1")).toBe("1");
    lab.configure(settings({ c1: docker(), c2: LXC, c3: NEAR, r1: pulled(registry, "1") }));
    const { code, steps, stdout } = await change(lab, ["up"], { timeout: 400 });
    expect(code, stdout).toBe(0);
    expect(steps).toEqual(["create lab-r1", "create lab-r1-step", "update lab"]);
    expect(blobs(registry).length).toBeGreaterThan(0);
    expect(good(await lab.vxlab(["exec", "r1", "--", "cat", "/etc/said"]))).toBe("from the archive");
    const checks = await verdicts(lab, "ping", "container");
    const both = ["ping/c3/r1", "ping/c2/r1", "ping/r1/c2", "ping/c1/r1", "ping/r1/c1"];
    expect(checks.map(({ name }) => name)).toEqual(expect.arrayContaining(both));
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  it("is not asked again", async () => {
    const before = registry.requests().length;
    const up = await change(lab, ["up"]);
    expect([up.code, up.steps], up.stdout).toEqual([0, []]);
    expect(registry.requests().slice(before)).toEqual([]);
  });
});

describe("Names", () => {
  it("have one way out: the bridge's own interface does not answer for the gateway", async () => {
    const ask = "lxc-attach -P /var/lib/vxlab/containers -n c2 -- arping -I eth0 -c 2 10.0.3.1";
    const answers = [...(await guests.tell("kvm2", ask)).matchAll(/\[(\S+)\]/g)].map(([, mac]) => mac);
    const [service] = guests.lab.services;
    expect([...new Set(answers)]).toEqual([service?.mac]);
  });

  it("are told to the machines, which keep them over a reboot, by the hypervisor's dnsmasq", async () => {
    for (const host of ["kvm1", "kvm2"])
      expect(await guests.tell(host, "cat /etc/resolv.conf")).toBe(`nameserver ${HYPERVISOR}`);
    // Docker has asked for it: all that libvirt's dnsmasq forwards comes here.
    expect(names.asked()).toContain(REGISTRY);
  });

  it("reach Docker's containers, LXC's, and DHCP's clients by the segment's gateway", async () => {
    const ping = async (name: string) =>
      good(await lab.vxlab(["exec", name, "--", "ping", "-c", "1", "-W", "5", REGISTRY]));
    for (const said of await Promise.all(["c1", "c2", "c3"].map(ping)))
      expect(said).toContain(`PING ${REGISTRY} (${HYPERVISOR})`);
  });
});

describe("Docker that goes", () => {
  it("goes alone, with its images", async () => {
    expect([await images(guests, "kvm1"), await images(guests, "kvm2")]).toEqual(["1", "1"]);
    const before = await guests.facts("kvm2");
    lab.configure(settings({ c2: LXC }));
    const { code, steps, stdout } = await change(lab, ["up"]);
    const gone = ["lab-c1", "lab-c1-step", "lab-r1", "lab-r1-step"].map((name) => `delete ${name}`);
    expect(code, stdout).toBe(0);
    expect(steps).toEqual(expect.arrayContaining(gone));
    // "lab" is the component that shows the settings.
    expect(steps.filter((step) => !/ lab-(c[134]|r1)(-|$)/.test(step))).toEqual(["update lab"]);
    const left = "docker ps -aq; ls /var/lib/vxlab/images; ovs-vsctl list-ports vxbr";
    expect(await guests.tell("kvm1", left)).toMatch(/^vx100-\S+$/);
    expect(await guests.tell("kvm2", left)).toMatch(/^gw-red\nv-c2\nvx100-\S+$/);
    expect([await images(guests, "kvm1"), await images(guests, "kvm2")]).toEqual(["0", "0"]);
    const { ["v-r1"]: port, ...ports } = before.ofports;
    expect(port).toBeGreaterThan(0);
    expect(await guests.facts("kvm2")).toEqual({ ...before, ofports: ports });
  });

  it("is taken down whole", async () => {
    const { id } = guests.lab;
    await guests.close();
    good(await lab.vxlab(["down"]));
    expect(remains(lab, [id])).toEqual([]);
  });
});
