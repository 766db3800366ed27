/** What a host has learned by BGP, from its kernel: `bridge fdb show` of vxlan devices, `ss` of BGP's connections. */
import { evpnDevices } from "../../plan/names";
import { Flooding } from "../../plan/types";
import { stationsIn } from "../stations";
import type { EvpnFacts } from "./facts";
import type { Part } from "./part";
import { linesOf } from "./text";

const NOTHING: EvpnFacts = { flood: [], far: new Map(), own: [] };
/** In a forwarding table, the entry for every MAC that is not in it (ip-link(8)). */
const EVERYONE = "00:00:00:00:00:00";

export const evpn: Part = {
  args: (lab, host) =>
    host.ports
      .filter(({ flooding }) => flooding === Flooding.Evpn)
      .flatMap(({ vni, segment }) => {
        const { tunnel, port } = evpnDevices(vni);
        const others = lab.hosts.filter(
          (one) => one !== host && one.ports.some((p) => p.segment === segment),
        );
        const far = stationsIn(lab, segment).filter((station) => station.host !== host.name);
        return [tunnel, port, String(others.length + far.length)];
      }),
  sections: {
    sessions: ({ body }) => ({ sessions: linesOf(body).flatMap(peerOf) }),
    fdb: ({ words: [device = ""], body }, _, { evpn: known }) => ({
      evpn: new Map([...(known ?? []), [device, { ...(known?.get(device) ?? NOTHING), ...farOf(body) }]]),
    }),
    own: ({ words: [device = ""], body }, _, { evpn: known }) => ({
      evpn: new Map([...(known ?? []), [device, { ...(known?.get(device) ?? NOTHING), own: ownOf(body) }]]),
    }),
  },
};

/** "0 0 192.168.10.13:40112 192.168.10.11:179": the last word is the other end. */
function peerOf(line: string): string[] {
  const peer = /(?:\[::ffff:)?([0-9.]+)\]?:\d+\s*$/.exec(line)?.[1];
  return peer === undefined ? [] : [peer];
}

/** "02:… dst 192.168.10.12 self extern_learn", "00:00:00:00:00:00 dst 192.168.10.12 self permanent" */
function farOf(body: string): Pick<EvpnFacts, "flood" | "far"> {
  const entries = linesOf(body).flatMap((line) => {
    const [, mac, vtep] = /^(\S+) .*\bdst (\S+) .*\bself\b/.exec(line) ?? [];
    return mac === undefined || vtep === undefined ? [] : [[mac, vtep] as const];
  });
  return {
    flood: entries.filter(([mac]) => mac === EVERYONE).map(([, vtep]) => vtep),
    far: new Map(entries.filter(([mac]) => mac !== EVERYONE)),
  };
}

/** "02:… master be100 static" */
function ownOf(body: string): string[] {
  return linesOf(body).flatMap((line) =>
    / master .* static/.test(line) ? [line.split(" ", 1)[0] ?? ""] : [],
  );
}
