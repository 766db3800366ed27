/** Where a packet goes by the flows of a chain, over all of its hosts. Middle boxes let out on one side what comes in on the other. */
import { hopsState, nextState } from "../../components/chain/thing";
import { chainTunnel } from "../../plan/names";
import type { ChainPlan } from "../../plan/types";

type Fields = Record<string, string>;

export interface Sent {
  host: string;
  port: string;
  fields: Fields;
  /** Ports that are down. */
  down?: string[];
}

interface Parsed {
  table: number;
  priority: number;
  match: Record<string, string>;
  actions: string[];
}

const LONGEST = 20;

/**
 * The ports by which it is delivered, one after the other. "else": no flow of the chain takes it, so that of the bridge do.
 *
 * @param routers MAC of each router by name
 */
export function journey(
  chain: ChainPlan,
  sent: Sent,
  routers: Readonly<Record<string, string>> = {},
  /** By what each host sends. */
  sending: (host: string) => ChainPlan = () => chain,
): string[] {
  const on = (host: string) => ({ host, local: "192.168.10.1", bridge: "vxbr" });
  const flows = new Map(
    [...new Set(chain.hops.map(({ host }) => host))].map((host) => [
      host,
      [...hopsState(chain, on(host)).flows, ...nextState(sending(host), on(host)).flows].map(parsed),
    ]),
  );
  const way: string[] = [];
  let now: Sent | undefined = sent;
  while (now !== undefined && way.length < LONGEST) {
    const out = through(flows.get(now.host) ?? [], now);
    const { port } = out;
    if (port === undefined) return [...way, out.fate];
    const hop = chain.hops.find(({ vni }) => chainTunnel(vni) === port);
    if (hop !== undefined) {
      way.push(`cf to ${hop.host}`);
      if (out.fields["tun"] !== hop.vtep) return [...way, `wrong VTEP ${out.fields["tun"]}`];
      now = { ...now, host: hop.host, port, fields: out.fields };
      continue;
    }
    const box = chain.hops.find(({ ports }) => ports.includes(port));
    const router = Object.entries(routers).find(([name]) => name === box?.name)?.[1];
    way.push(router === undefined ? port : `${port} as ${out.fields["dl_dst"]}`);
    if (now.down?.includes(port) === true) return [...way, "lost"];
    if (box === undefined || box === chain.hops[0] || box === chain.hops.at(-1)) return way;
    const [inner = "", outer = inner] = box.ports;
    const fields =
      router === undefined ? out.fields : { ...out.fields, dl_src: router, dl_dst: "02:ff:ff:ff:ff:ff" };
    now = { ...now, port: port === inner ? outer : inner, fields };
  }
  return way;
}

function parsed(line: string): Parsed {
  const [head = "", actions = ""] = line.split(" actions=");
  const match = Object.fromEntries(
    head.split(",").map((part) => {
      const [key = "", ...value] = part.split("=");
      return [key, value.join("=")];
    }),
  );
  const { table = "0", priority = "0" } = match;
  return { table: Number(table), priority: Number(priority), match, actions: actions.split(/,(?![^(]*\))/) };
}

interface Out {
  port?: string;
  fate: string;
  fields: Fields;
}

function through(flows: readonly Parsed[], { port, fields, down = [] }: Sent): Out {
  const state: Fields = { ...fields, reg15: "0" };
  const walk = (table: number): Out => {
    const hits = flows.filter((flow) => flow.table === table && holds(flow.match, port, state));
    const top = Math.max(...hits.map(({ priority }) => priority));
    const flow = hits.find(({ priority }) => priority === top);
    if (flow === undefined) return { fate: table === 0 ? "else" : "drop", fields: state };
    for (const action of flow.actions) {
      const [, target, value] = /^mod_(dl_\w+):(.*)$/.exec(action) ?? [];
      if (target !== undefined && value !== undefined) state[target] = value;
      const load = /^load:0x(\w+)->NXM_NX_(REG\d+|TUN_IPV4_DST)\[\]$/.exec(action);
      if (load?.[2] === "TUN_IPV4_DST")
        state["tun"] =
          (load[1] ?? "")
            .padStart(8, "0")
            .match(/../g)
            ?.map((byte) => parseInt(byte, 16))
            .join(".") ?? "";
      else if (load?.[2] !== undefined) state[load[2].toLowerCase()] = String(parseInt(load[1] ?? "", 16));
      const alive = /^bundle_load\(.*NXM_NX_REG(\d+)\[0\.\.15\],members:<(.*)>\)$/.exec(action);
      if (alive !== null) state[`reg${alive[1]}`] = down.includes(alive[2] ?? "") ? "65535" : `<${alive[2]}>`;
      const next = /^resubmit\(,(\d)\)$/.exec(action);
      if (next !== null) return walk(Number(next[1]));
      const out = /^output:<(.*)>$/.exec(action);
      if (out?.[1] !== undefined) return { port: out[1], fate: "sent", fields: state };
    }
    return { fate: "drop", fields: state };
  };
  return walk(0);
}

/** Of an IPv4 packet without a tag. */
function holds(match: Record<string, string>, port: string, state: Fields): boolean {
  return Object.entries(match).every(([key, value]) => {
    if (/^(cookie|table|priority|ip|vlan_tci)$/.test(key)) return true;
    if (/^(ipv6|icmp6|arp)$/.test(key)) return false;
    if (key === "in_port") return value === `<${port}>`;
    return value.replace(/\/32$/, "") === state[key];
  });
}
