import type { HostOutput } from "../../plan/contract";
import type { EncryptionOutput } from "../../plan/encryption-output";
import type { Check, CheckKind, Verdict } from "../check";
import type { HostFacts } from "../evidence/facts";

/** The WireGuard device of a host that encrypts: its address, its key, its peers, and the guard's rule that nothing leaves unencrypted. */
export const encryption: CheckKind = {
  about: "host",
  of: ({ hosts }) =>
    hosts.flatMap((host) => (host.encryption === undefined ? [] : [encryptionCheck(host, host.encryption)])),
};

function encryptionCheck({ name, guard }: HostOutput, wanted: EncryptionOutput): Check {
  const { device, address, mtu, port, peers } = wanted;
  return {
    kind: "encryption",
    name: `encryption/${name}`,
    host: name,
    expected: `${device} ${address}, MTU ${mtu}, UDP ${port}, the planned keys of itself and of ${count(peers.length, "peer")}`,
    where: `./vxlab ssh ${name} -- wg show ${device}`,
    needs: ["encryption"],
    judge: (facts) => judged(wanted, guard, facts),
    repairs: () => [{ kind: "encryption", key: device }],
  };
}

function judged(wanted: EncryptionOutput, guard: boolean, facts: HostFacts): Verdict {
  const { device, port, publicKey, peers } = wanted;
  const { encryption: nic, wireguard: found, stopped, trouble } = facts;
  if (nic === undefined || found === undefined)
    return {
      ok: false,
      got: trouble.get("encryption") ?? trouble.get("encryption-peers") ?? "not reported by the host",
    };
  const faults = [
    ...nicFaults(wanted, nic),
    ...(found.port === port ? [] : [`UDP port ${found.port} instead of ${port}`]),
    ...(found.publicKey === publicKey
      ? []
      : [`its public key is ${found.publicKey} instead of ${publicKey}`]),
    ...peerFaults(wanted, found.peers),
    ...(guard && stopped === undefined && peers.length > 0
      ? ["the host guard has no rule that drops unencrypted tunnel packets"]
      : []),
  ];
  if (faults.length > 0) return { ok: false, got: faults.join("; ") };
  const kept =
    stopped === undefined ? "" : `, ${count(stopped, "unencrypted packet")} dropped by the host guard`;
  return { ok: true, got: `${device} with ${count(peers.length, "peer")}${kept}` };
}

function nicFaults({ address, mtu }: EncryptionOutput, nic: NonNullable<HostFacts["encryption"]>): string[] {
  const addresses = nic.addresses.join(" ") || "no address";
  return [
    ...(nic.up ? [] : ["the device is down"]),
    ...(nic.mtu === mtu ? [] : [`MTU ${nic.mtu} instead of ${mtu}`]),
    ...(addresses === `${address}/32` ? [] : [`${addresses} instead of ${address}/32`]),
  ];
}

function peerFaults(
  { peers }: EncryptionOutput,
  found: NonNullable<HostFacts["wireguard"]>["peers"],
): string[] {
  const planned = new Set(peers.map(({ publicKey }) => publicKey));
  const strangers = [...found.keys()].filter((key) => !planned.has(key));
  return [
    ...peers.flatMap(({ host, address, vtep, port, publicKey }) => {
      const peer = found.get(publicKey);
      if (peer === undefined) return [`${host} is missing from the peers`];
      const endpoint = vtep.includes(":") ? `[${vtep}]:${port}` : `${vtep}:${port}`;
      return [
        ...(peer.endpoint === endpoint
          ? []
          : [`the endpoint of ${host} is ${peer.endpoint} instead of ${endpoint}`]),
        ...(peer.allowed === `${address}/32`
          ? []
          : [`the allowed IPs of ${host} are ${peer.allowed} instead of ${address}/32`]),
      ];
    }),
    ...(strangers.length === 0 ? [] : [`unplanned peers: ${strangers.join(", ")}`]),
  ];
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
