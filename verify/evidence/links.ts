/** Interfaces, as `ip -j` prints them. */
import type { NicFacts, VxlanFacts } from "./facts";
import type { Part } from "./part";
import { jsonLines } from "./text";

export const links: Part = {
  args: ({ services }, { name, bridge }) => [
    bridge.name,
    ...services.filter(({ host }) => host === name).map(({ device }) => device),
  ],
  sections: {
    bridge: (_, attempt) => ({ bridge: attempt(parseNic) }),
    vxlan: (_, attempt) => ({ vxlans: attempt(parseVxlans) }),
    service: ({ words: [name = ""] }, attempt, { services }) => {
      const nic = attempt(parseNic);
      return nic === undefined ? {} : { services: new Map([...services, [name, nic]]) };
    },
  },
};

interface IpLink {
  ifname?: string;
  address?: string;
  mtu?: number;
  flags?: string[];
  addr_info?: { family: string; local: string; prefixlen: number; scope?: string }[];
  linkinfo?: { info_data?: { id?: number; port?: number; group?: string; group6?: string; ttl?: number } };
}

/** `ip -j address show dev X`: a list of one. */
export function parseNic(body: string): NicFacts {
  const [nic] = parseNics(body).values();
  if (nic === undefined) throw new SyntaxError("no link in it");
  return nic;
}

/** `ip -j address show`. */
export function parseNics(body: string): Map<string, NicFacts> {
  const links = linksIn(body).filter((link) => link.mtu !== undefined);
  if (links.length === 0) throw new SyntaxError("no link in it");
  return new Map(links.map((link) => [link.ifname ?? "", nicOf(link)]));
}

function nicOf({ address = "", mtu = 0, flags = [], addr_info = [] }: IpLink): NicFacts {
  const of = (wanted: string) =>
    addr_info.filter(({ family, scope }) => family === wanted && scope !== "link");
  return {
    mac: address,
    mtu,
    up: flags.includes("UP"),
    addresses: [...of("inet"), ...of("inet6")].map(({ local, prefixlen }) => `${local}/${prefixlen}`),
  };
}

/** `ip -j -d link show type vxlan`; nothing where there is none. */
function parseVxlans(body: string): Map<string, VxlanFacts> {
  if (body.trim() === "") return new Map();
  return new Map(
    linksIn(body).map(({ ifname = "", flags = [], linkinfo }) => {
      const { id = 0, port = 0, group, group6 = "", ttl = 0 } = linkinfo?.info_data ?? {};
      return [ifname, { vni: id, udpPort: port, group: group ?? group6, ttl, up: flags.includes("UP") }];
    }),
  );
}

/** iproute2 prints an empty object for every link that a filter leaves out. */
function linksIn(body: string): IpLink[] {
  const [links] = jsonLines(body) as IpLink[][];
  if (links === undefined) throw new SyntaxError("no list in it");
  return links.filter((link) => Object.keys(link).length > 0);
}
