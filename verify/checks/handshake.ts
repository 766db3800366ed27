import type { HostOutput } from "../../plan/contract";
import type { EncryptionPeerOutput } from "../../plan/encryption-output";
import type { Check, CheckKind, Verdict } from "../check";
import { handshakePeers } from "../evidence/encryption";
import type { HostFacts } from "../evidence/facts";

/** WireGuard ends a session after this time (wireguard.com/protocol, REJECT_AFTER_TIME), seconds. */
const LIFETIME = 180;

/** A host that encrypts has had a recent handshake with its peers, after a ping through the tunnel. */
export const handshake: CheckKind = {
  about: "packet",
  of: ({ hosts }) =>
    hosts.flatMap((host) => {
      const peers = handshakePeers(host);
      return peers.length === 0 ? [] : [handshakeCheck(host, peers)];
    }),
};

function handshakeCheck({ name, encryption }: HostOutput, peers: readonly EncryptionPeerOutput[]): Check {
  const names = peers.map(({ host }) => host).join(", ");
  return {
    kind: "handshake",
    name: `handshake/${name}`,
    host: name,
    expected: `a handshake with ${names} in the last ${LIFETIME} s`,
    where: `./vxlab ssh ${name} -- wg show ${encryption?.device} latest-handshakes`,
    needs: ["handshakes"],
    judge: (facts) => judged(peers, facts),
  };
}

function judged(peers: readonly EncryptionPeerOutput[], { handshakes, trouble }: HostFacts): Verdict {
  if (handshakes === undefined)
    return { ok: false, got: trouble.get("handshakes") ?? "not reported by the host" };
  const ages = peers.map(({ host, publicKey }) => ({ host, age: handshakes.get(publicKey) }));
  const old = ages.flatMap(({ host, age }) => {
    if (age === undefined) return [`no handshake with ${host}`];
    return age < LIFETIME ? [] : [`last handshake with ${host} ${age} s ago`];
  });
  if (old.length > 0) return { ok: false, got: old.join(", ") };
  return { ok: true, got: `oldest handshake ${Math.max(...ages.map(({ age = 0 }) => age))} s ago` };
}
