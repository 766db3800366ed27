/**
 * The flows of a chain, in the syntax of ovs-ofctl(8). `<NAME>` is replaced by the number of a port: the guest tools give each port of a
 * chain a permanent number of its own, so that flows can be set before their ports exist.
 *
 *   table 0   who sends: an end, a middle box, a tunnel. Register 14 then holds the VNI of the hop that has been left (or, from a
 *             tunnel, reached). Below port security's drops (200), above what it lets through (160 and below).
 *   table 4   where packets that leave a hop go: to the next hop on this host, or to the next hop's host
 *   table 5   what reaches a hop, counted and delivered
 *   table 6   with failure "open": a middle box of which an interface is down is bypassed
 *
 * Flows match frames by both MACs and by where they come from, never by addresses alone. Every flow ends with `output`, so the bridge
 * learns no MAC from a chain. ARP and neighbour discovery do not take the chain (register 15).
 */
import { addressNumber, familyOf } from "../../plan/addresses";
import type { ChainPlan, EndPlan, HopPlan } from "./planned";
import { IpFamily } from "../../plan/net/family";
import { chainTunnel } from "../../plan/names";
import { linkLocal } from "../port-security/plan";
import { cookieOf, hex, ROLE } from "./cookies";
import type { Role } from "./cookies";
import { bothEnds } from "./ends";
import { ChainFailure } from "./spec";

/** 0: towards `to`, 1: towards `from`. */
type Direction = 0 | 1;
const BOTH: readonly Direction[] = [0, 1];

/** What a chain's flows are made of. */
type Wired = Pick<ChainPlan, "failure" | "hops">;

interface Hop {
  wired: Wired;
  hop: HopPlan;
  index: number;
  /** The end that it is. */
  end: EndPlan | undefined;
  /** MACs of the two ends. */
  macs: readonly [string, string];
}

/** The flows of one host's hops: the packets that they send, and those that reach them. */
export function hopFlows(wired: Wired, host: string): string[] {
  const own = hopsOn(wired, host);
  const flows = own.flatMap((one) => [...sends(one), ...arrives(one), ...receives(one)]);
  const ends = own.filter(({ end }) => end !== undefined);
  return [...new Set([...flows, ...own.flatMap(guards), ...ends.slice(0, 1).flatMap(around)])];
}

/** Where packets go from the hops of one host. */
export function nextFlows(wired: Wired, host: string): string[] {
  return hopsOn(wired, host).flatMap((one) =>
    BOTH.flatMap((way) => {
      const next = neighbour(one, way);
      if (next === undefined) return [];
      const [from, to] = along(one.macs, way);
      const match = `table=4,priority=100,reg14=${one.hop.vni},dl_src=${from},dl_dst=${to}`;
      return [flow(one, "next", way, match, next.host === host ? reached(next) : carried(next))];
    }),
  );
}

function hopsOn(wired: Wired, host: string): Hop[] {
  const [from, to] = bothEnds(wired.hops);
  const macs = [from.mac, to.mac] as const;
  return wired.hops.flatMap((hop, index) => {
    const end = index === 0 ? from : index === wired.hops.length - 1 ? to : undefined;
    return hop.host === host ? [{ wired, hop, index, end, macs }] : [];
  });
}

const neighbour = ({ wired, index }: Hop, way: Direction): HopPlan | undefined =>
  wired.hops[way === 0 ? index + 1 : index - 1];
const along = <T>([from, to]: readonly [T, T], way: Direction) =>
  way === 0 ? ([from, to] as const) : ([to, from] as const);
/** The direction of packets that reach an end, and of those that leave it: packets that reach `from` go towards `from`. */
const reachesBy = ({ wired, index }: Hop): readonly Direction[] =>
  index === 0 ? [1] : index === wired.hops.length - 1 ? [0] : BOTH;
const leavesBy = (one: Hop): readonly Direction[] =>
  one.end ? reachesBy(one).map((way) => (way === 0 ? 1 : 0)) : BOTH;

function flow({ wired, hop }: Hop, role: Role, way: Direction, match: string, actions: string): string {
  return `cookie=${cookieOf(wired, hop, ROLE[role][way])},${match} actions=${actions}`;
}

const UNTAGGED = "vlan_tci=0x0000/0x1fff";
/** Matches IP packets, so not ARP. Neighbour discovery has register 15 set when it is resubmitted here. */
const PACKETS = ["ip", "ipv6,reg15=0"] as const;
const port = (name: string): string => `<${name}>`;
const mark = (vni: number): string => `load:0x${hex(vni, 6)}->NXM_NX_REG14[]`;
const left = ({ vni }: HopPlan): string => `${mark(vni)},resubmit(,4)`;
const reached = ({ vni }: HopPlan): string => `${mark(vni)},resubmit(,5)`;

/** Sends packets over the underlay. Not set_field, which the switch lists in another form, so `ovs-ofctl diff-flows` would differ. */
function carried({ vni, vtep }: HopPlan): string {
  const address = addressNumber(vtep);
  const word = (bits: bigint) => `0x${bits.toString(16)}`;
  const low = (1n << 64n) - 1n;
  const set =
    familyOf(address) === IpFamily.V4
      ? `load:${word(address & 0xffffffffn)}->NXM_NX_TUN_IPV4_DST[]`
      : `load:${word(address >> 64n)}->NXM_NX_TUN_IPV6_DST[64..127],load:${word(address & low)}->NXM_NX_TUN_IPV6_DST[0..63]`;
  return `${set},output:${port(chainTunnel(vni))}`;
}

/** What a hop may send into the chain. */
function sends(one: Hop): string[] {
  return leavesBy(one).flatMap((way) =>
    matches(one, way).map((match) => {
      const restore = routerOf(one) === undefined ? undefined : along(one.macs, way);
      const macs = restore === undefined ? "" : `mod_dl_src:${restore[0]},mod_dl_dst:${restore[1]},`;
      return flow(one, "leaves", way, `priority=180,${match}`, `${macs}${left(one.hop)}`);
    }),
  );
}

/** The MAC of a routed middle box. */
const routerOf = (one: Hop): string | undefined => (one.end === undefined ? one.hop.mac : undefined);

function matches(one: Hop, way: Direction): string[] {
  const { hop, end, macs } = one;
  const [inner, outer = inner] = hop.ports;
  const head = (name: string) => `in_port=${port(name)},${UNTAGGED}`;
  const router = routerOf(one);
  if (router !== undefined)
    return routed(one, way).map((packet) => `${head(inner)},${packet},dl_src=${router}`);
  const [from, to] = along(macs, way);
  const packets = end?.sources?.map((prefix) => within("src", prefix)) ?? PACKETS;
  // A transparent middle box sends by one side what it received by the other.
  const by = head(way === 0 ? outer : inner);
  return packets.map((packet) => `${by},${packet},dl_src=${from},dl_dst=${to}`);
}

/** Packets whose source or destination is in a prefix. */
function within(end: "src" | "dst", prefix: string): string {
  const any = prefix.endsWith("/0");
  const key = prefix.includes(":") ? `ipv6_${end}` : `nw_${end}`;
  return `${prefix.includes(":") ? PACKETS[1] : PACKETS[0]}${any ? "" : `,${key}=${prefix}`}`;
}

/** A router's packets have its own MAC, so flows match the addresses of both ends. Behind a gateway, any address is possible. */
function routed({ wired: { hops } }: Hop, way: Direction): string[] {
  const [from, to] = along(bothEnds(hops), way);
  return ([IpFamily.V4, IpFamily.V6] as const).flatMap((family) => {
    const of = ({ gateway, addresses }: EndPlan) =>
      gateway === true ? [undefined] : addresses.filter((one) => familyOf(addressNumber(one)) === family);
    const [v, packets] = family === IpFamily.V4 ? ["nw", PACKETS[0]] : ["ipv6", PACKETS[1]];
    return of(from).flatMap((source) =>
      of(to).map((target) =>
        [
          packets,
          ...(source === undefined ? [] : [`${v}_src=${source}`]),
          ...(target === undefined ? [] : [`${v}_dst=${target}`]),
        ].join(),
      ),
    );
  });
}

/** Packets that arrive by a tunnel for a hop. */
function arrives(one: Hop): string[] {
  const { wired, hop } = one;
  if (!hasTunnels(wired)) return [];
  const tunnel = `in_port=${port(chainTunnel(hop.vni))}`;
  return [
    ...reachesBy(one).flatMap((way) => {
      const [from, to] = along(one.macs, way);
      return ["ip", "ipv6"].map((packet) =>
        flow(
          one,
          "tunnel",
          way,
          `priority=175,${tunnel},${packet},dl_src=${from},dl_dst=${to}`,
          reached(hop),
        ),
      );
    }),
    flow(one, "closed", 0, `priority=165,${tunnel}`, "drop"),
  ];
}

/**
 * Whether packets reach its hops from other hosts. If so, each hop accepts them from every other host, even if its neighbour in the chain
 * is on the same host: while the chain changes, some hosts still send by the old path.
 */
export function hasTunnels({ hops }: Pick<ChainPlan, "hops">): boolean {
  return hops.some(({ host }) => host !== hops[0].host);
}

/** Delivers to a hop. */
function receives(one: Hop): string[] {
  const { wired, hop } = one;
  const isOpen = wired.failure === ChainFailure.Open && one.end === undefined;
  const flows = reachesBy(one).flatMap((way) => {
    const [from, to] = along(one.macs, way);
    const match = `priority=100,reg14=${hop.vni},dl_src=${from},dl_dst=${to}`;
    const [inner, outer = inner] = hop.ports;
    const router = routerOf(one) === undefined ? "" : `mod_dl_dst:${hop.mac},`;
    const deliver = `${router}output:${port(way === 0 ? inner : outer)}`;
    if (!isOpen) return [flow(one, "reaches", way, `table=5,${match}`, deliver)];
    const alive = `reg12=${port(inner)},reg13=${port(outer)}`;
    return [
      flow(one, "reaches", way, `table=5,${match}`, `${living(12, inner)},${living(13, outer)},resubmit(,6)`),
      flow(one, "delivered", way, `table=6,${match.replace("=100", "=200")},${alive}`, deliver),
      flow(one, "passes", way, `table=6,${match}`, left(hop)),
    ];
  });
  if (hop.mac !== undefined) return flows;
  return [
    ...flows,
    ...hop.ports.map((name) => flow(one, "closed", 0, `priority=165,in_port=${port(name)}`, "drop")),
  ];
}

/** The number of a port, or 0xffff while it is down or missing. */
const living = (register: number, name: string): string =>
  `bundle_load(eth_src,0,active_backup,ofport,NXM_NX_REG${register}[0..15],members:${port(name)})`;

/** Packets that an end sends to the other end past the chain: the address is in a frame to another MAC, or with another sender's MAC. */
function guards(one: Hop): string[] {
  const { end, wired } = one;
  const other = bothEnds(wired.hops).find((each) => each !== end);
  if (end === undefined || other === undefined) return [];
  const head = `priority=170,in_port=${port(end.ports[0])}`;
  const targets = [...other.addresses, linkLocal(other.mac)].map((address) =>
    within("dst", `${address}/${address.includes(":") ? 128 : 32}`),
  );
  return [...PACKETS.map((packet) => `${packet},dl_dst=${other.mac}`), ...targets].map((match) =>
    flow(one, "guard", 0, `${head},${match}`, "drop"),
  );
}

/** On a host of an end: drops packets between the two ends that arrive outside the chain, except neighbour discovery. */
function around(one: Hop): string[] {
  return BOTH.flatMap((way) => {
    const [from, to] = along(one.macs, way);
    const macs = `dl_src=${from},dl_dst=${to}`;
    return [
      ...[135, 136].map((type) =>
        flow(
          one,
          "discovery",
          0,
          `priority=190,icmp6,icmp_type=${type},reg15=0,${macs}`,
          "load:0x1->NXM_NX_REG15[],resubmit(,0)",
        ),
      ),
      ...PACKETS.map((packet) => flow(one, "guard", 0, `priority=170,${packet},${macs}`, "drop")),
    ];
  });
}
