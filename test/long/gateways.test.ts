/**
 * Gateways of hosts on machines: each container leaves by its own host, they announce themselves, one gateway less is an edit in place, and a
 * host without a next hop leads out as well.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { greenWithin } from "../lib/wait";

const HOSTS = { kvm1: { address: "192.168.10.156" }, kvm2: { address: "192.168.10.222" } };
const SIX = { subnet: "10.0.3.0/24", subnet6: "fd00:3::/64" };
const OWN = { gateway: { host: "kvm1", address6: "fd00:3::1" } };
const FURTHER = { gateways: [{ host: "kvm2", address: "10.0.3.2", address6: "fd00:3::2" }] };
const UNDERLAY = "192.168.10.1";

let project: Project;
let guests: Guests;

function configure(more: object): void {
  project.configure({
    ...{ hosts: HOSTS, segments: { red: { vni: 100, ...SIX, ...OWN, ...more } } },
    containers: { c1: { host: "kvm1" }, c2: { host: "kvm2" }, c3: { host: "kvm2" } },
  });
}

const routes = (name: string) =>
  guests.tell(
    guests.hostOf(name),
    [4, 6].map((family) => guests.inside(name, `ip -${family} route show default`)).join("; "),
  );
/** Packets that a host's NAT has translated, towards the underlay's own address. */
async function leaves(name: string): Promise<string[]> {
  const watch = (host: string) =>
    guests.tell(host, `timeout 8 tcpdump -n -i eth0 -c 1 icmp and dst ${UNDERLAY} 2>/dev/null || true`, 30);
  const seen = Promise.all(Object.keys(HOSTS).map(async (host) => [host, await watch(host)] as const));
  await guests.ping(name, `-c 5 -i 1 ${UNDERLAY}`);
  return (await seen).filter(([, text]) => text !== "").map(([host]) => host);
}

beforeAll(async () => {
  project = await Project.create("gateways");
  configure(FURTHER);
  good(await project.vxlab(["up"], { timeout: 1500 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

it("each container leaves by its own host, with that host's address", async () => {
  expect(await leaves("c1")).toEqual(["kvm1"]);
  expect(await leaves("c2")).toEqual(["kvm2"]);
  expect(await routes("c2")).toMatch(/default via 10\.0\.3\.2 [^]*default via fd00:3::2 /);
  // No second one by the other's announcements, which go out each minute.
  expect((await routes("c2")).match(/default/g)).toHaveLength(2);
});

it("they announce the segment's IPv6 prefix and MTU, each minute", async () => {
  const look = "timeout 150 tcpdump -n -v -l -c 2 -i eth0 'icmp6 and ip6[40] == 134' 2>/dev/null";
  const heard = await guests.tell("kvm2", `${guests.inside("c2", look)} || true`, 200);
  expect(heard.match(/router advertisement/g)).toHaveLength(2);
  expect(heard).toContain("fd00:3::/64");
  expect(heard).toMatch(/mtu option[^]*1450/);
});

it("without its host's own, a container leaves by the segment's: an edit in place", async () => {
  const pid = () => guests.tell("kvm2", "lxc-info -P /var/lib/vxlab/containers -n c2 -pH");
  const before = await pid();
  configure({});
  good(await project.vxlab(["up", "--no-verify"], { timeout: 600 }));
  await greenWithin(120, project);
  expect(await pid()).toBe(before);
  expect(await leaves("c2")).toEqual(["kvm1"]);
  expect(await guests.tell("kvm2", "nft list tables; ls /sys/class/net")).not.toMatch(/dservice|gw-red/);
});

it("comes back with its host", async () => {
  configure(FURTHER);
  good(await project.vxlab(["up", "--no-verify"], { timeout: 600 }));
  await guests.hangUp("kvm2");
  good(await project.vxlab(["restart", "kvm2"], { timeout: 300 }));
  await greenWithin(180, project);
  expect(await leaves("c3")).toEqual(["kvm2"]);
});

it("leads out by the link of a host that has no next hop; a guard that knows one closes what is on the link: the control", async () => {
  const [far, uplink] = ["203.0.113.7", "ip route show default"];
  const beside = (...words: string[]) =>
    project.run("ip", ["-n", project.namespace, "address", ...words, `${far}/32`, "dev", "lo"]);
  // Nobody listens: a refusal is an answer.
  const refused = async (address: string, port: number) => {
    const words = guests.inside("c1", `timeout 5 bash -c 'exec 3<>/dev/tcp/${address}/${port}' 2>&1`);
    return (await guests.ask("kvm1", words)).stdout.includes("refused");
  };
  const route = (words: string) => guests.tell("kvm1", `ip route del default; ip route add default ${words}`);
  good(await beside("add"));
  const before = (await guests.tell("kvm1", `ip route replace default via ${UNDERLAY}; ${uplink}`)).replace(
    /^default | *$/gm,
    "",
  );
  await guests.tell("kvm1", "/usr/lib/vxlab/guest boot", 120);
  expect(await refused(far, 9)).toBe(true);
  await route("dev eth0");
  expect(await refused(far, 9), "the link is closed").toBe(false);
  await guests.tell("kvm1", "/usr/lib/vxlab/guest boot", 120);
  expect(await refused(far, 9)).toBe(true);
  // The underlay stays closed.
  expect(await refused(HOSTS.kvm2.address, 9)).toBe(false);
  expect(await guests.tell("kvm1", "/usr/lib/vxlab/guest drift")).toBe("");
  await route(before);
  await guests.tell("kvm1", "/usr/lib/vxlab/guest boot", 120);
  expect(await refused(far, 9)).toBe(true);
  good(await beside("del"));
});
