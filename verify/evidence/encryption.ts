/** A host's WireGuard device, and its last handshakes with its peers. */
import type { HostOutput } from "../../plan/contract";
import { compareText } from "../../plan/rules";
import type { EncryptionFacts } from "./facts";
import { parseNic } from "./links";
import type { Part } from "./part";
import { linesOf } from "./text";

/** Peers that a host pings: between hundreds of hosts, all of them would take minutes. */
const MOST = 16;

export const encryption: Part = {
  args: (_, host) => (host.encryption === undefined ? [] : [host.encryption.device]),
  sections: {
    encryption: (_, attempt) => ({ encryption: attempt(parseNic) }),
    "encryption-peers": (_, attempt) => ({ wireguard: attempt(parseWireguard) }),
    "encryption-stopped": (_, attempt) => ({ stopped: attempt(parseStopped) }),
  },
};

export const handshakes: Part = {
  args: (_, host) =>
    host.encryption === undefined
      ? []
      : [host.encryption.device, ...handshakePeers(host).map(({ address }) => address)],
  sections: { handshakes: (_, attempt) => ({ handshakes: attempt(parseHandshakes) }) },
};

/** The peers whose handshakes count: those that come after the host by name, and then from the start. */
export function handshakePeers({ name, encryption: found }: HostOutput) {
  const peers = [...(found?.peers ?? [])].sort((a, b) => compareText(a.host, b.host));
  const [before, after] = [false, true].map((wanted) => peers.filter(({ host }) => host > name === wanted));
  return [...(after ?? []), ...(before ?? [])].slice(0, MOST);
}

function parseWireguard(body: string): EncryptionFacts {
  const lines = linesOf(body).map((line) => line.split(" "));
  const [, publicKey, port] = lines.find(([word]) => word === "own") ?? [];
  if (publicKey === undefined || port === undefined) throw new SyntaxError("no device in it");
  const peers = lines.flatMap(([word, key = "", endpoint = "", allowed = ""]) =>
    word === "peer" ? [[key, { endpoint, allowed }] as const] : [],
  );
  return { publicKey, port: Number(port), peers: new Map(peers) };
}

/** The counters of the guard's rules. */
function parseStopped(body: string): number {
  const counters = [...body.matchAll(/counter packets (\d+) /g)];
  if (counters.length === 0) throw new SyntaxError("no rule in it");
  return counters.reduce((sum, [, packets]) => sum + Number(packets), 0);
}

/** Age of the last handshake by public key, seconds. */
function parseHandshakes(body: string): Map<string, number | undefined> {
  return new Map(
    linesOf(body).map((line) => {
      const [key = "", age = ""] = line.split(" ");
      if (!/^(-|-?\d+)$/.test(age)) throw new SyntaxError("not an age");
      return [key, age === "-" ? undefined : Number(age)];
    }),
  );
}
