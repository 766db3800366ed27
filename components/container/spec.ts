/** The setting `containers.<name>`, and the interfaces of a container. */
import type { Fields } from "../../plan/setting";

/** What runs a container. */
export enum ContainerKind {
  Lxc = "lxc",
  Docker = "docker",
}

/** A single interface may be written on the container itself, several as `interfaces`; not both. */
export interface ContainerSpec extends InterfaceSpec {
  host: string;
  kind?: ContainerKind;
  image?: string;
  archive?: string;
  env?: Record<string, string>;
  command?: string[];
  interfaces?: InterfaceSpec[];
}

export interface InterfaceSpec {
  segment?: string;
  address?: string;
  address6?: string;
  mac?: string;
  trunk?: string[];
  portSecurity?: boolean;
}

/** LXC has no limit of its own. */
const MAX_INTERFACES = 8;

/** What runs as a container's first process: Docker's images say it themselves. */
export const COMMAND: Readonly<Record<ContainerKind, readonly string[]>> = {
  [ContainerKind.Lxc]: ["/sbin/init"],
  [ContainerKind.Docker]: [],
};

export const INTERFACE = {
  segment: { kind: "text", usual: "the only one", doc: "its segment" },
  address: {
    kind: "text",
    usual: "computed",
    doc: "address with the subnet's prefix length, or `dhcp`, or `none`",
  },
  address6: { kind: "text", usual: "computed", doc: "the same in `subnet6`, or `none`" },
  mac: { kind: "text", usual: "computed", doc: "MAC inside the container" },
  trunk: {
    kind: "list",
    fewest: 1,
    doc: "instead of `segment`: segments with a VLAN, which eth0 carries tagged, each as `eth0.<vlan>` with a computed address",
  },
  portSecurity: {
    kind: "switch",
    default: true,
    usual: "the container's, else the segment's",
    doc: "it can send from its own MAC and addresses only ([security.md](security.md#port-security))",
  },
} as const satisfies Fields<InterfaceSpec>;

export const CONTAINER = {
  host: { kind: "text", required: true, doc: "name of the host that runs it" },
  kind: {
    kind: "choice",
    choices: { [ContainerKind.Lxc]: "", [ContainerKind.Docker]: "" },
    default: ContainerKind.Lxc,
    doc: "what runs it ([docker](#docker-containers))",
  },
  image: {
    kind: "text",
    doc: "Docker image by name, on the host already or in a registry; with `docker`, which needs this or `archive`",
  },
  archive: {
    kind: "text",
    doc: "Docker image as a file of `docker save` on the machine that runs Pulumi; with `docker`, which needs this or `image`",
  },
  env: {
    kind: "texts",
    doc: "environment variables, names to texts, which may be secret ([security.md](security.md#secrets-of-your-own)); with `docker` only",
  },
  ...INTERFACE,
  command: {
    kind: "list",
    usual: `\`[${COMMAND[ContainerKind.Lxc].join(", ")}]\`; with \`docker\` the image's`,
    doc: "first process, a list of words; only the first must not be empty; a container whose command ends is an error; with `docker` it replaces entry point and command",
  },
  interfaces: {
    kind: "list",
    of: { kind: "section", fields: INTERFACE, doc: "" },
    fewest: 1,
    most: MAX_INTERFACES,
    usual: "the one written on the container",
    doc: "eth0, eth1, …, instead of one interface on the container itself: a list with these keys of each",
  },
} as const satisfies Fields<ContainerSpec>;
