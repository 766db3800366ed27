/** The lab of the tests of Docker: an archive's image on one machine, an LXC container on the other, a registry beside them. */
import { expect } from "vitest";
import type { Guests } from "./guests";
import type { Registry } from "./registry";

/** The hypervisor, where libvirt's dnsmasq answers the machines, and where the registry listens. */
export const HYPERVISOR = "192.168.10.1";
export const REGISTRY = "registry.vxlab.test";

export const LXC = { host: "kvm2", address: "10.0.3.11/24" };
export const NEAR = { host: "kvm1", address: "dhcp" };
const RED = { vni: 100, subnet: "10.0.3.0/24", gateway: { host: "kvm2" }, dhcp: { host: "kvm2" } };

export const settings = (containers: object) => ({
  underlay: { mode: "nat" },
  image: { kind: "docker" },
  segments: { red: RED },
  containers,
});

/** On kvm2, with the registry's image of a tag. */
export const pulled = (registry: Registry, tag: string) => ({
  ...{ host: "kvm2", kind: "docker", image: imageOf(registry, tag), address: "10.0.3.13/24" },
});
export const imageOf = (registry: Registry, tag: string) => `${registry.host}/vxlab/said:${tag}`;
/** Downloads of layers from it. */
export const blobs = (registry: Registry) =>
  registry.requests().filter((line) => /^GET \S+\/blobs\/sha256:\S+ 200$/.test(line));

export const images = (guests: Guests, host: string) =>
  guests.tell(host, "docker image ls -q | sort -u | wc -l");
export const firstProcess = (guests: Guests, host: string, name: string) =>
  guests.tell(host, `docker inspect -f {{.State.Pid}} vxlab-${name}`);

/** Docker starts with the first container that asks for it. */
const START = `: >/run/vxlab-docker/now
for fifo in /run/vxlab-docker/*; do [ ! -p $fifo ] || echo now 1<>$fifo; done
i=0; until [ -S /run/docker.sock ] || [ $i -gt 300 ]; do i=$((i + 1)); sleep 0.5; done`;

/** The hosts get the registry's authority and its login; before that, it lets nobody in. */
export async function letIn(guests: Guests, registry: Registry): Promise<void> {
  const folder = `/etc/docker/certs.d/${registry.host}`;
  for (const host of ["kvm1", "kvm2"])
    await guests.tell(host, `mkdir -p ${folder} && cat >${folder}/ca.crt`, 60, registry.authority);
  await guests.tell("kvm2", START, 200);
  const stranger = await guests.ask("kvm2", `docker pull ${imageOf(registry, "1")}`);
  expect(stranger.stderr).toContain("no basic auth credentials");
  const { script, input } = registry.login;
  for (const host of ["kvm1", "kvm2"]) await guests.tell(host, script, 60, input);
}
