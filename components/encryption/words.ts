/** Describes the changes of a host's encryption for a preview. */
import {
  facts,
  hostIn,
  isEqual,
  isObject,
  isUnknown,
  listed,
  losing,
  nameIn,
  onHosts,
  shown,
} from "../../plan/change";
import type { Label, Words } from "../../plan/change";

const LABELS: Readonly<Record<string, Label>> = {
  publicKey: (old) => (old === undefined ? undefined : "new key"),
  peers: peerFacts,
  address: "VTEP",
  port: "UDP port",
  mtu: "MTU",
  device: "device",
  local: "underlay address",
  bridge: "bridge",
  hostName: false,
  labId: false,
};

export const encryptionWords: Words = {
  thing: "encryption",
  types: ["vxlab:index:HostEncryption"],
  subject: (edit) => ({ name: nameIn(edit, "device"), host: hostIn(edit) }),
  say(edit, around) {
    const on = around.host(hostIn(edit));
    if (edit.op === "create") return { kind: "added", facts: [] };
    if (edit.op === "delete")
      return on === "delete"
        ? undefined
        : { kind: "removed", facts: [], loss: "its tunnels are not encrypted" };
    const differing = facts(LABELS, edit);
    if (edit.op === "replace" && on !== "replace")
      return { kind: "rebuilt", facts: [...differing, "its host is another machine"] };
    return differing.length === 0 ? undefined : { kind: "changed", facts: differing };
  },
  line: ({ kind, hosts, facts: said, loss }) => {
    if (kind === "changed") return `${listed(hosts)}: WireGuard: ${said.join("; ")}`;
    const anew = kind === "rebuilt" ? ` is set up again (${said.join("; ")})` : "";
    return `WireGuard${onHosts(hosts)}${anew}${losing(loss)}`;
  },
};

type Peers = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** By host: peers that are added or removed, and changed keys or addresses. */
function peerFacts(old: unknown, now: unknown): string {
  const [was, is] = [peersIn(old), peersIn(now)];
  const names = (wanted: (name: string) => boolean, of: Peers) => [...of.keys()].filter(wanted);
  const said = (verb: string, hosts: string[]) => (hosts.length === 0 ? [] : [`${verb} ${listed(hosts)}`]);
  const kept = names((name) => was.has(name), is);
  const differs = (key: string) =>
    kept.filter((name) => {
      const value = is.get(name)?.[key];
      return !isUnknown(value) && !isEqual(was.get(name)?.[key], value);
    });
  return [
    ...said(
      "new peer",
      names((name) => !was.has(name), is),
    ),
    ...said(
      "no longer a peer:",
      names((name) => !is.has(name), was),
    ),
    ...said("new key of", differs("publicKey")),
    ...said("another address of", [
      ...new Set([...differs("address"), ...differs("vtep"), ...differs("port")]),
    ]),
  ].join("; ");
}

/** By host name; by address where it has none. */
function peersIn(value: unknown): Peers {
  const all = Array.isArray(value) ? (value as unknown[]).filter(isObject) : [];
  return new Map(all.map((peer) => [shown(peer["host"] ?? peer["address"]), peer]));
}
