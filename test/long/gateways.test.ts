/** Gateways of hosts on machines: each container leaves by its own host, and one gateway less is an edit in place. */
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
