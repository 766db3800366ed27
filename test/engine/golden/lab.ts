/** The lab of the golden previews, and the edits: each one line that somebody would write. */

export type Settings = Record<string, unknown>;

const HOSTS = {
  kvm1: { address: "192.168.10.156", bridgeAddress: "10.1.2.10/24" },
  kvm2: { address: "192.168.10.222", bridgeAddress: "10.1.2.11/24" },
};
const SEGMENTS = {
  red: { vni: 100, subnet: "10.0.3.0/24" },
  blue: { vni: 200, subnet: "10.0.4.0/24", vlan: 20 },
};
const CONTAINERS = {
  c1: { host: "kvm1", segment: "red", address: "10.0.3.10/24" },
  c2: { host: "kvm2", segment: "red", address: "10.0.3.11/24" },
};
const UNDERLAY = { cidr: "192.168.10.0/24", mtu: 1500, mode: "isolated" };

export const LAB: Settings = { underlay: UNDERLAY, hosts: HOSTS, segments: SEGMENTS, containers: CONTAINERS };

export const DOCKER_IMAGE = "registry.test/app:1";
const BOX = { ...CONTAINERS.c1, kind: "docker", image: DOCKER_IMAGE };
const SAME = { memory: 256 };

/** The same with c1 as a Docker container: machines of the size that was recorded boot the image with Docker in it. */
export const DOCKER_LAB: Settings = {
  ...LAB,
  image: { kind: "docker" },
  hosts: { kvm1: { ...HOSTS.kvm1, ...SAME }, kvm2: { ...HOSTS.kvm2, ...SAME } },
  containers: { ...CONTAINERS, c1: BOX },
};

/** Of `DOCKER_LAB`. */
export const DOCKER_EDITS: Record<string, Settings> = {
  "docker-image": { containers: { ...CONTAINERS, c1: { ...BOX, image: "registry.test/app:2" } } },
  "docker-command": { containers: { ...CONTAINERS, c1: { ...BOX, command: ["serve", "--port", "80"] } } },
  "docker-env": { containers: { ...CONTAINERS, c1: { ...BOX, env: { MODE: "debug" } } } },
};

/** By the name of the golden file. `IMAGE` stands for a disk image that the test makes. */
export const EDITS: Record<string, Settings> = {
  vni: { segments: { ...SEGMENTS, red: { ...SEGMENTS.red, vni: 101 } } },
  "host-address": { hosts: { ...HOSTS, kvm2: { ...HOSTS.kvm2, address: "192.168.10.7" } } },
  cidr: {
    underlay: { ...UNDERLAY, cidr: "192.168.11.0/24" },
    hosts: {
      kvm1: { ...HOSTS.kvm1, address: "192.168.11.156" },
      kvm2: { ...HOSTS.kvm2, address: "192.168.11.222" },
    },
  },
  "underlay-mtu": { underlay: { ...UNDERLAY, mtu: 9000 } },
  "one-more-host": { hosts: { ...HOSTS, kvm3: { address: "192.168.10.33" } } },
  "one-more-container": {
    containers: { ...CONTAINERS, c3: { host: "kvm2", segment: "blue", address: "10.0.4.12/24" } },
  },
  "one-more-segment": { segments: { ...SEGMENTS, green: { vni: 300, subnet: "10.0.5.0/24", vlan: 30 } } },
  "removed-host": { hosts: { kvm1: HOSTS.kvm1 }, containers: { c1: CONTAINERS.c1 } },
  "removed-container": { containers: { c1: CONTAINERS.c1 } },
  "container-moved": { containers: { ...CONTAINERS, c2: { ...CONTAINERS.c2, host: "kvm1" } } },
  "container-address": { containers: { ...CONTAINERS, c2: { ...CONTAINERS.c2, address: "10.0.3.77/24" } } },
  gateway: {
    segments: { ...SEGMENTS, red: { ...SEGMENTS.red, gateway: { host: "kvm1" }, dhcp: { host: "kvm1" } } },
  },
  mtu: { segments: { ...SEGMENTS, red: { ...SEGMENTS.red, mtu: 1400 } } },
  flooding: { segments: { ...SEGMENTS, red: { ...SEGMENTS.red, flooding: "flow" } } },
  memory: { hosts: { ...HOSTS, kvm2: { ...HOSTS.kvm2, memory: 384 } } },
  image: { image: { kind: "cloud", path: "IMAGE" } },
  "container-command": {
    containers: { ...CONTAINERS, c1: { ...CONTAINERS.c1, command: ["sleep", "infinity"] } },
  },
  "removed-segment": { segments: { red: SEGMENTS.red } },
};

/**
 * By the same names: properties that the preview shows as secret. How a step is reached, and what a machine boots with: there
 * keys are. Whoever reviews an edit sees everything else.
 */
export const SECRETS: Record<string, readonly string[]> = {
  vni: ["connection"],
  "host-address": ["connection"],
  "one-more-host": ["connection", "userData"],
  "one-more-container": ["connection"],
  mtu: ["connection"],
  flooding: ["connection"],
  "container-command": ["connection"],
  "docker-image": ["connection"],
  "docker-command": ["connection"],
  "docker-env": ["connection"],
  "docker-secret": ["TOKEN", "connection"],
  "one-more-segment": ["connection"],
  "removed-host": ["connection", "userData"],
  "removed-container": ["connection"],
  "container-moved": ["connection"],
  "container-address": ["connection"],
  gateway: ["connection"],
  image: ["userData"],
  "removed-segment": ["connection"],
};
