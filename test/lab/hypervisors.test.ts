/** One lab on two hypervisors: the first by its socket, the second by SSH over a link, a machine on each. More: test/long/hypervisors.test.ts. */
import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { Servers } from "../lib/servers";
import {
  configureServers,
  expectOverIpv6,
  routed,
  V6,
  WHITE,
  WHITE_ENDS,
  type Overlay,
} from "../lib/servers-lab";
import { labOf, stateOf } from "../lib/state";

let servers: Servers;
let project: Project;
let labId: string;

const configure = (uri: string, more?: Overlay) => configureServers(project, servers, uri, more);

const things = () => Promise.all([servers.near.things(), servers.far.things()]);
const ours = (host: string, network: string) =>
  [host, network, "pool"].map((part) => `vxlab-${labId}-${part}`);

beforeAll(async () => {
  servers = await Servers.create("servers");
  await routed(servers);
  project = await Project.create("hypervisors", servers.enter);
});

afterAll(async () => {
  await project?.destroy();
  await servers?.close();
});

describe("a hypervisor that cannot be reached", () => {
  it("is named with the reason before anything is touched", async () => {
    configure(servers.farUri("stale"));
    const { code, stderr } = await project.vxlab(["up"], { timeout: 120 });
    expect(code).toBe(1);
    expect(stderr).toContain("A hypervisor does not answer; nothing was changed.");
    expect(stderr).toContain("underlays.far.libvirtUri: got ");
    expect(stderr).toContain("HOST KEY VERIFICATION FAILED");
    expect(await things()).toEqual([[], []]);
    const made = (await stateOf(project)).filter(({ type }) => type.startsWith("libvirt:"));
    expect(made).toEqual([]);
  });

  it("is waited for a bounded time when it accepts and says nothing", async () => {
    configure(servers.farUri());
    servers.signalSshd("SIGSTOP");
    const started = Date.now();
    try {
      const { code, stdout } = await project.vxlab(["preview", "--non-interactive"], { timeout: 120 });
      expect(code).toBe(1);
      expect(stdout).toContain("underlays.far.libvirtUri: got ");
    } finally {
      servers.signalSshd("SIGCONT");
    }
    expect((Date.now() - started) / 1000).toBeLessThan(60);
  });
});

describe("a lab on two hypervisors", () => {
  it("comes up in one go, and passes every check", async () => {
    const up = await project.vxlab(["up"], { timeout: 600 });
    expect(good(up)).toContain("24 checks passed, 0 failed");
    for (const check of ["ping/c1/c2", "ping/c2/c1", "ping6/c1/c2", "mtu/c1/c2/1450", "wire/c2/c1"])
      expect(up.stdout).toContain(`  ok    ${check} `);
    labId = (await labOf(project)).id;
  });

  it("has a machine on each, and only its own", async () => {
    expect(await things()).toEqual([ours("h1", "near"), ours("h2", "far")]);
    const { stdout } = await project.vxlab(["status", "--json"]);
    const { hosts } = JSON.parse(stdout) as { hosts: { machine: string }[] };
    expect(hosts.map(({ machine }) => machine)).toEqual(["running", "running"]);
  });

  it("is left as it is by a second up", async () => {
    const again = await change(project, ["up"]);
    good(again);
    expect(again.steps).toEqual([]);
  });
});

describe("other underlays, of IPv6, for the lab that stands", () => {
  it("rebuild its machines in one go, with 20 bytes less in a packet, and carry segments of both families and of IPv6 alone", async () => {
    const red = { flooding: "flow", gateway: { host: "h1" } };
    configure(servers.farUri(), { underlays: V6, red, segments: WHITE, containers: WHITE_ENDS });
    const up = await project.vxlab(["up"], { timeout: 600 });
    expect(good(up)).toMatch(/^\d+ checks passed, 0 failed$/m);
    // On each host a tunnel port and a patch port instead of the one tunnel port.
    for (const check of ["tunnel/h1/vf100", "tunnel/h2/pf100"])
      expect(up.stdout).toContain(`  ok    ${check} `);
    // White floods by unicast.
    for (const check of ["gateway6/c2/red", "beyond/red/ipv6", "ping6/w1/w2", "mtu/w1/w2/1430", "wire/w1/w2"])
      expect(up.stdout).toContain(`  ok    ${check} `);
    expectOverIpv6(up.stdout);
    expect(await things()).toEqual([ours("h1", "near"), ours("h2", "far")]);
    expect((await change(project, ["preview"])).steps).toEqual([]);
  });
});

/** What a container prints. */
const inside = async (name: string, line: string) =>
  (await project.vxlab(["exec", name, "--", "sh", "-c", line])).stdout;
/** Those of the addresses at which a container sees an SSH server, or what says so. */
async function ssh(from: string, addresses: readonly string[]): Promise<string[]> {
  const look = (address: string) =>
    `(timeout 5 nc -w 4 ${address} 22 </dev/null | head -c 4 | grep -q SSH- && echo ${address}) &`;
  const seen = (await inside(from, `${addresses.map(look).join(" ")} wait`)).split("\n");
  return addresses.filter((address) => seen.includes(address));
}

/** What answers like an SSH server at every address of the first hypervisor, two more of which are in no plan, while something is done. */
async function answering<T>(beside: string, behind: string, what: () => Promise<T>): Promise<T> {
  const { near } = servers;
  const [, bridge = "none"] =
    /^\d+: (\S+)/m.exec(await near.ip("-o", "address", "show", "to", V6.near[0])) ?? [];
  const places = [
    [`${beside}/64`, bridge],
    [`${behind}/128`, "lo"],
  ] as const;
  for (const [address, device] of places) await near.ip("address", "add", address, "dev", device, "nodad");
  const serve = 'require("net").createServer((one) => one.end("SSH-")).listen(22, "::")';
  const words = ["netns", "exec", near.namespace, process.execPath, "-e", serve];
  const server = spawn("ip", words, { stdio: "ignore" });
  try {
    return await what();
  } finally {
    server.kill();
    for (const [address, device] of places) await near.ip("address", "del", address, "dev", device);
  }
}

describe("an IPv6 gateway", () => {
  const [near, far] = [V6.near[1], V6.far[1]];

  it("announces itself: the planned route, that of the announcement, and no address but the planned one", async () => {
    const routes = await inside("c2", "ip -6 route show default");
    expect(routes).toContain("via fd00:3::1 ");
    expect(routes).toMatch(/via fe80::\S+ .*expires/);
    const addresses = await inside("c2", "ip -o -6 address show dev eth0 scope global");
    expect(addresses.match(/inet6 \S+/g)).toEqual(["inet6 fd00:3::11/64"]);
    expect(await inside("w2", "ip -6 route show default")).toBe("");
  });

  // Without a rule for what is on the link, the guard lets beside through: nobody has planned it.
  it("leads to what is behind a router, not to the underlay or to any address on its link, as without the guard", async () => {
    const [own, beside, behind] = ["fd99::11", "fd99::1", "2001:db8::9"];
    await project.vxlab(["ssh", "h1", "--", `ip address add ${own}/64 dev eth0`]);
    await answering(beside, behind, async () => {
      expect(await ssh("c2", [near, far, "fd00:3::1", own, beside, behind])).toEqual([behind]);
      await project.vxlab(["ssh", "h1", "--", "nft delete table inet vxlab_guard"]);
      expect(await ssh("c2", [near, far, own, beside, behind])).toEqual([near, far, own, beside, behind]);
      const apply = "/usr/lib/vxlab/guest apply bridge </var/lib/vxlab/desired/bridge-*.json";
      await project.vxlab(["ssh", "h1", "--", apply]);
      expect(await ssh("c2", [far, beside, behind])).toEqual([behind]);
    });
    await project.vxlab(["ssh", "h1", "--", `ip address del ${own}/64 dev eth0`]);
  });

  it("leaves nothing when it is taken away", async () => {
    configure(servers.farUri(), { underlays: V6 });
    good(await change(project, ["up"], { timeout: 600 }));
    const left =
      "nft list tables; cat /proc/sys/net/ipv6/conf/all/forwarding; pidof dnsmasq; ls /sys/class/net | grep gw-";
    const { stdout } = await project.vxlab(["ssh", "h1", "--", left]);
    expect(stdout.trim().split("\n")).toEqual(["table inet vxlab_guard", "0"]);
    expect(await inside("c2", "ip -6 route show default")).not.toContain("fd00:3::1");
  });
});

describe("down", () => {
  it("touches nothing while one of them does not answer", async () => {
    servers.signalSshd("SIGTERM");
    const { code, stderr } = await project.vxlab(["down"], { timeout: 120 });
    expect(code).toBe(3);
    expect(stderr).toContain("these hypervisors of stack lab do not answer; nothing was changed");
    expect(stderr).toContain(servers.farUri());
    expect(await things()).toEqual([ours("h1", "near"), ours("h2", "far")]);
  });

  it("leaves nothing on either", async () => {
    await servers.startSshd();
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(await things()).toEqual([[], []]);
    expect([...servers.near.files(), ...servers.far.files()]).toEqual([]);
    expect(remains(project, [labId])).toEqual([]);
  });
});

describe("the servers", () => {
  it("leave nothing on this machine", async () => {
    const { near, far } = servers;
    await servers.close();
    expect([near, far].flatMap((server) => remains(server, [labId]))).toEqual([]);
  });
});
