/**
 * The rules, as functions of the resources that a program declares. Pure: no Pulumi, so that tests need none. A value that is not known yet
 * is undefined, and violates no rule.
 */
import { Address4, Address6 } from "ip-address";
import { DEFAULT_ENCAPSULATION, tunnelOverhead, UDP_PORTS } from "../plan/net/encap";
import type { Encapsulation } from "../plan/net/encap";
import { IpFamily } from "../plan/net/family";
import { wireguardOverhead } from "../components/encryption/wireguard";
import { CONTAINER_KINDS } from "../components/container/kinds";
import { UNDERLAY as UNDERLAY_SETTINGS } from "../components/underlay/spec";

/** A resource as it is declared: its inputs. */
export interface Declared {
  type: string;
  /** Its name in messages. */
  name: string;
  inputs: Readonly<Record<string, unknown>>;
}

/** Everything that is wrong, each in one sentence that names the resources and the value. */
export type Rule = (declared: readonly Declared[]) => string[];

const BRIDGE = "vxlab:index:OvsBridge";
const PORT = "vxlab:index:VxlanPort";
const HOSTS = ["vxlab:index:KvmHost", "vxlab:index:ExistingHost"];
const CONTAINERS = Object.values(CONTAINER_KINDS).map(({ component }) => `vxlab:index:${component}`);
const ENCRYPTION = "vxlab:index:HostEncryption";
const UNDERLAY = "vxlab:index:UnderlayNetwork";
const DOMAIN = "libvirt:index/domain:Domain";
const REMOTE = /^command:remote:/;

/** A host has one port to a VNI, and a VNI is one segment of one lab. */
export const uniqueVni: Rule = (declared) => {
  const ports = of(declared, PORT);
  const onHost = ports.map(({ name, inputs: { local, udpPort, encapsulation, vni } }) => ({
    name,
    value: join([
      address(local),
      number(udpPort ?? UDP_PORTS[encapsulation as Encapsulation] ?? UDP_PORTS[DEFAULT_ENCAPSULATION]),
      number(vni),
    ]),
    said: `VNI ${number(vni)} of the host ${address(local)}`,
  }));
  const owners = (what: "labId" | "segment") =>
    ports.flatMap(({ name, inputs }) => {
      const [vni, owner] = [number(inputs["vni"]), text(inputs[what])];
      return vni === undefined || owner === undefined ? [] : [{ name, vni, owner }];
    });
  return [
    ...twice(onHost).map(({ said, names }) => `${said} is declared twice: ${names}.`),
    ...several(owners("segment")).map((s) => `${s.said} is used by more than one segment: ${s.owners}.`),
    ...several(owners("labId")).map((s) => `${s.said} is used by more than one lab: ${s.owners}.`),
  ];
};

/** Two hosts with one address would answer for each other, and a tunnel from a host to itself does not work. */
export const uniqueVtep: Rule = (declared) => {
  const hosts = of(declared, ...HOSTS).map(({ name, inputs }) => ({
    name,
    value: address(inputs["address"]),
    said: `The VTEP ${address(inputs["address"])}`,
  }));
  const itself = of(declared, PORT).filter(({ inputs }) => {
    const local = address(inputs["local"]);
    return local !== undefined && list(inputs["remotes"]).some((remote) => address(remote) === local);
  });
  return [
    ...twice(hosts).map(({ said, names }) => `${said} belongs to more than one host: ${names}.`),
    ...itself.map(({ name, inputs }) => `${name} has its own VTEP ${address(inputs["local"])} as a remote.`),
  ];
};

/** MAC addresses must be unique, since they may be in one Ethernet segment. */
export const uniqueMac: Rule = (declared) => {
  const macs = [
    ...of(declared, BRIDGE).map(({ name, inputs }) => ({ name, mac: inputs["mac"] })),
    ...nics(declared).map(({ name, nic }) => ({ name, mac: nic["mac"] })),
    ...of(declared, DOMAIN).flatMap(({ name, inputs }) =>
      list(inputs["networkInterfaces"]).map((nic) => ({ name, mac: record(nic)["mac"] })),
    ),
  ];
  const values = macs.map(({ name, mac }) => {
    const value = text(mac)?.toLowerCase().replace(/-/g, ":");
    return { name, value, said: `The MAC ${value}` };
  });
  return twice(values).map(({ said, names }) => `${said} is used more than once: ${names}.`);
};

/**
 * A packet in a tunnel must fit into the underlay's MTU.
 *
 * @param assumed MTU of an underlay that this program does not declare
 */
export const mtuFits =
  (assumed: number): Rule =>
  (declared) => {
    const networks = of(declared, UNDERLAY).map(
      ({ inputs }) => number(inputs["mtu"] ?? UNDERLAY_SETTINGS.mtu.default) ?? assumed,
    );
    const underlay = networks.length === 0 ? assumed : Math.min(...networks);
    const six = of(declared, PORT).some(({ inputs }) => address(inputs["local"])?.includes(":"));
    const vxlan = tunnelOverhead(six ? IpFamily.V6 : IpFamily.V4);
    const sealed = wireguardBytes(declared);
    const overhead = vxlan + sealed;
    const inside = [
      ...of(declared, BRIDGE, PORT).map(({ name, inputs }) => ({ name, mtu: number(inputs["mtu"]) })),
      ...nics(declared).map(({ name, nic }) => ({ name, mtu: number(nic["mtu"]) })),
    ];
    return inside.flatMap(({ name, mtu }) =>
      mtu === undefined || mtu + overhead <= underlay
        ? []
        : [
            `${name} has MTU ${mtu}: with ${vxlan} bytes of VXLAN ${sealed === 0 ? "" : `and ${sealed} of WireGuard `}that is ${mtu + overhead}, ` +
              `and the underlay takes ${underlay}. Write ${underlay - overhead} or less.`,
          ],
    );
  };

/** What WireGuard takes of a packet of the underlay, where hosts encrypt. */
function wireguardBytes(declared: readonly Declared[]): number {
  const [first] = of(declared, ENCRYPTION);
  if (first === undefined) return 0;
  return wireguardOverhead(
    address(first.inputs["local"])?.includes(":") === true ? IpFamily.V6 : IpFamily.V4,
  );
}

/** Without a pinned host key, any server that answers would be trusted. */
export const hostKeyPinned: Rule = (declared) =>
  declared
    .filter(({ type }) => REMOTE.test(type))
    .flatMap(({ name, inputs }) => {
      const connection = inputs["connection"];
      if (connection === undefined) return [];
      const { proxy } = record(connection);
      const hops: [string, unknown][] = [["connection", connection]];
      if (proxy !== undefined && proxy !== null) hops.push(["connection.proxy", proxy]);
      return hops
        .filter(([, hop]) => "hostKey" in record(hop) === false || record(hop)["hostKey"] === "")
        .map(([where]) => `${name} has no ${where}.hostKey: it would accept any server that answers.`);
    });

/** Networks that are not routed in public: RFC 1918, 6598, 3927, 1122; RFC 4193, 4291. */
const PRIVATE = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "127.0.0.0/8",
  "fc00::/7",
  "fe80::/10",
  "::1/128",
];

/**
 * VXLAN neither encrypts nor authenticates (RFC 7348, section 7). Addresses of WireGuard devices are reached only through these devices, so
 * the underlay below them may be public.
 *
 * @param allowed further private networks, in CIDR form
 */
export const privateUnderlay =
  (allowed: readonly string[]): Rule =>
  (declared) => {
    const sealed = encryptedAddresses(declared);
    return of(declared, PORT).flatMap(({ name, inputs }) => {
      const local = address(inputs["local"]);
      const inside = local !== undefined && sealed.has(local);
      return [inputs["local"], ...list(inputs["remotes"])].flatMap((value) => {
        const vtep = address(value);
        if (vtep === undefined || (inside && sealed.has(vtep))) return [];
        return [...PRIVATE, ...allowed].some((network) => within(vtep, network))
          ? []
          : [`${name} would send unencrypted VXLAN by way of ${vtep}, which is not a private address.`];
      });
    });
  };

/** Of WireGuard devices and their peers. */
function encryptedAddresses(declared: readonly Declared[]): ReadonlySet<string> {
  const own = of(declared, ENCRYPTION).flatMap(({ inputs }) => [
    address(inputs["address"]),
    ...list(inputs["peers"]).map((peer) => address(record(peer)["address"])),
  ]);
  return new Set(own.filter((one) => one !== undefined));
}

function within(vtep: string, network: string): boolean {
  const Address = vtep.includes(":") ? Address6 : Address4;
  if (vtep.includes(":") !== network.includes(":") || !Address.isValid(vtep)) return false;
  return vtep.includes(":")
    ? new Address6(vtep).isInSubnet(new Address6(network))
    : new Address4(vtep).isInSubnet(new Address4(network));
}

function of(declared: readonly Declared[], ...types: string[]): Declared[] {
  return declared.filter(({ type }) => types.includes(type));
}

/** The interfaces of all containers. */
function nics(declared: readonly Declared[]): { name: string; nic: Readonly<Record<string, unknown>> }[] {
  return of(declared, ...CONTAINERS).flatMap(({ name, inputs }) =>
    list(inputs["interfaces"]).map((nic) => ({ name, nic: record(nic) })),
  );
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** Without prefix length. */
const address = (value: unknown): string | undefined => text(value)?.split("/")[0];

/** Undefined if a part is undefined. */
function join(parts: readonly unknown[]): string | undefined {
  return parts.includes(undefined) ? undefined : parts.join(" ");
}

interface Named {
  name: string;
  value: string | undefined;
  said: string;
}

function twice(all: readonly Named[]): { said: string; names: string }[] {
  const groups = new Map<string, Named[]>();
  for (const one of all) {
    if (one.value !== undefined) groups.set(one.value, [...(groups.get(one.value) ?? []), one]);
  }
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => ({ said: group[0]?.said ?? "", names: group.map(({ name }) => name).join(", ") }));
}

function several(
  all: readonly { name: string; vni: number; owner: string }[],
): { said: string; owners: string }[] {
  return [...new Set(all.map(({ vni }) => vni))].flatMap((vni) => {
    const owners = [...new Set(all.filter((one) => one.vni === vni).map(({ owner }) => owner))];
    return owners.length < 2 ? [] : [{ said: `VNI ${vni}`, owners: owners.sort().join(", ") }];
  });
}
