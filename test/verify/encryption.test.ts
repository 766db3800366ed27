/** encryption, handshake and the wire turned round: what passes, and what each fault is called. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { EncryptionOutput } from "../../plan/encryption-output";
import { Encapsulation } from "../../plan/net/encap";
import type { Evidence } from "../../verify/check";
import { handshakePeers } from "../../verify/evidence/encryption";
import type { HostFacts } from "../../verify/evidence/facts";
import { parseProbe, probeCommand } from "../../verify/evidence/probe";
import { captureArguments, parseCapture } from "../../verify/evidence/wire";
import type { Seen } from "../../verify/evidence/wire";
import { judge } from "../../verify/judge";
import { buildChecks, stillChecks } from "../../verify/registry";
import { thingsOn } from "../../verify/things";
import { encryptedLab, referenceLab } from "../cli/fixture";
import { factsOf, good } from "./evidence";

const lab = encryptedLab();
const [kvm1, kvm2] = lab.hosts;
const encryption = kvm1?.encryption as EncryptionOutput;
const [peer] = encryption.peers;

function verdict(name: string, evidence: Evidence) {
  const check = buildChecks(lab).find((one) => one.name === name);
  if (check === undefined) throw new Error(`no check ${name}`);
  const { ok, got } = judge(check, evidence);
  return { ok, got };
}

function changed(change: (facts: HostFacts) => HostFacts): Evidence {
  const evidence = good(lab);
  const hosts = new Map([...evidence.hosts, ["kvm1", { facts: change(factsOf(lab, "kvm1")) }]]);
  return { ...evidence, hosts };
}

const wireguard = ({ wireguard: found }: HostFacts) => found as NonNullable<HostFacts["wireguard"]>;
const nic = ({ encryption: found }: HostFacts) => found as NonNullable<HostFacts["encryption"]>;
const withPeer = (facts: HostFacts, key: string, more: object): HostFacts => {
  const known = { endpoint: "192.168.10.222:51820", allowed: "10.255.10.222/32", ...more };
  return { ...facts, wireguard: { ...wireguard(facts), peers: new Map([[key, known]]) } };
};
const KEY = peer?.publicKey ?? "";
const without = (facts: HostFacts, ...keys: (keyof HostFacts)[]): HostFacts =>
  Object.fromEntries(
    Object.entries(facts).filter(([key]) => !keys.some((one) => one === key)),
  ) as unknown as HostFacts;

describe("encryption/HOST", () => {
  it.each<[string, (facts: HostFacts) => HostFacts, string]>([
    [
      "another key",
      (f) => ({ ...f, wireguard: { ...wireguard(f), publicKey: "x" } }),
      "its public key is x instead of",
    ],
    ["another port", (f) => ({ ...f, wireguard: { ...wireguard(f), port: 1 } }), "UDP port 1 instead of"],
    ["another MTU", (f) => ({ ...f, encryption: { ...nic(f), mtu: 1420 } }), "MTU 1420"],
    ["no address", (f) => ({ ...f, encryption: { ...nic(f), addresses: [] } }), "no address"],
    ["no link", (f) => ({ ...f, encryption: { ...nic(f), up: false } }), "the device is down"],
    [
      "no peer",
      (f) => ({ ...f, wireguard: { ...wireguard(f), peers: new Map() } }),
      "kvm2 is missing from the peers",
    ],
    [
      "another endpoint",
      (f) => withPeer(f, KEY, { endpoint: "1.2.3.4:5" }),
      "the endpoint of kvm2 is 1.2.3.4:5 instead of 192.168.10.222:51820",
    ],
    [
      "more allowed",
      (f) => withPeer(f, KEY, { allowed: "0.0.0.0/0" }),
      "the allowed IPs of kvm2 are 0.0.0.0/0 instead of 10.255.10.222/32",
    ],
    ["a stranger", (f) => withPeer(f, "stranger", {}), "unplanned peers: stranger"],
    [
      "no rule",
      (f) => without(f, "stopped"),
      "the host guard has no rule that drops unencrypted tunnel packets",
    ],
    [
      "no device",
      (f) => ({
        ...without(f, "encryption", "wireguard"),
        trouble: new Map([["encryption", 'Device "wg0" does not exist.']]),
      }),
      'Device "wg0" does not exist.',
    ],
  ])("fails with %s", (_, change, said) => {
    const { ok, got } = verdict("encryption/kvm1", changed(change));
    expect([ok, got]).toEqual([false, expect.stringContaining(said)]);
  });

  it("tells how many packets the guard has stopped, and runs the step again", () => {
    expect(
      verdict(
        "encryption/kvm1",
        changed((f) => ({ ...f, stopped: 7 })),
      ),
    ).toEqual({
      ok: true,
      got: "wg0 with 1 peer, 7 unencrypted packets dropped by the host guard",
    });
    const check = stillChecks(lab).find(({ kind }) => kind === "encryption");
    expect(check?.repairs?.(factsOf(lab, "kvm1"))).toEqual([{ kind: "encryption", key: "wg0" }]);
    expect(kvm1 && thingsOn(lab, kvm1).map(({ kind }) => kind)).toEqual([
      "bridge",
      "encryption",
      "port",
      "container",
    ]);
  });

  it("is there only where hosts encrypt", () => {
    expect(buildChecks(referenceLab()).filter(({ kind }) => /encryption|handshake/.test(kind))).toEqual([]);
  });
});

describe("handshake/HOST", () => {
  it.each([
    ["an old one", 200, "last handshake with kvm2 200 s ago"],
    ["none", undefined, "no handshake with kvm2"],
  ])("fails with %s", (_, age, said) => {
    const evidence = changed((facts) => ({ ...facts, handshakes: new Map([[KEY, age]]) }));
    expect(verdict("handshake/kvm1", evidence)).toEqual({ ok: false, got: said });
  });

  it("greets sixteen of many, those after it by name first", () => {
    const peers = Array.from({ length: 40 }, (_, n) => ({ ...peer, host: `k${String(n).padStart(2, "0")}` }));
    const host = { ...kvm1, name: "k30", encryption: { ...encryption, peers } } as Parameters<
      typeof handshakePeers
    >[0];
    const names = handshakePeers(host).map((one) => one.host);
    expect(names).toHaveLength(16);
    expect([names[0], names[8], names[9]]).toEqual(["k31", "k39", "k00"]);
  });
});

describe("wire/A/B", () => {
  const plain: Seen = {
    ...{
      src: "10.255.10.156",
      dst: "10.255.10.222",
      udpPort: 4789,
      encapsulation: Encapsulation.Vxlan,
      vni: 100,
    },
    inner: { src: "10.0.3.10", dst: "10.0.3.11", what: "request" },
  };
  const sealed: Seen = { sealed: { src: "192.168.10.156", dst: "192.168.10.222", udpPort: 51820 } };
  const seen = (...packets: Seen[]) =>
    verdict("wire/c1/c2", { ...good(lab), wires: new Map([["kvm2", packets]]) });

  it("wants WireGuard between the hosts, and no ping in a tunnel beside it", () => {
    expect(seen(sealed)).toEqual({
      ok: true,
      got: "192.168.10.156 > 192.168.10.222 UDP 51820, no VXLAN packet",
    });
    expect(seen(sealed, plain)).toEqual({
      ok: false,
      got: "10.255.10.156 > 10.255.10.222 UDP 4789 VNI 100, not encrypted",
    });
    expect(seen()).toEqual({ ok: false, got: "no WireGuard packet was captured" });
    const other: Seen = { sealed: { src: "192.168.10.30", dst: "192.168.10.222", udpPort: 51820 } };
    expect(seen(other)).toEqual({ ok: false, got: "no WireGuard packet was captured" });
  });

  it("reads tcpdump, which takes WireGuard for VXLAN, and what it shows of wg0 was not on the wire", () => {
    const text = [
      "10:00:00.1 eth0  In  IP 192.168.10.156.51820 > 192.168.10.222.51820: VXLAN, flags [.] (0x04), vni 3",
      "10:00:00.2 wg0   In  IP 10.255.10.156.4567 > 10.255.10.222.4789: VXLAN, flags [I] (0x08), vni 100",
      "IP 10.0.3.10 > 10.0.3.11: ICMP echo request, id 1, seq 1, length 64",
    ].join("\n");
    expect(parseCapture(text, encryption)).toEqual([sealed]);
    expect(parseCapture(text.replace("wg0 ", "eth0"), encryption)).toEqual([sealed, plain]);
    expect(parseCapture(text.replace("wg0 ", "eth0"))).toEqual([plain]);
    const filter = captureArguments(kvm2).at(-1);
    expect(filter).toContain("(dst host 192.168.10.222 and udp dst port 51820)");
    expect(filter).toContain("dst host 10.255.10.222 and ");
    expect(spawnSync("tcpdump", ["-y", "EN10MB", "-d", filter ?? ""], { encoding: "utf8" }).stderr).toBe("");
  });
});

describe("what a host says", () => {
  const dump = [
    `PRIVATE\t${encryption.publicKey}\t51820\toff`,
    `${KEY}\t(none)\t192.168.10.222:51820\t10.255.10.222/32\t1732900000\t1\t2\toff`,
  ].join("\n");
  const nft =
    '\tchain output {\n\t\toifname != "wg0" udp dport 4789 counter packets 3 bytes 9 drop\n\t\tcounter packets 4 bytes 9 drop\n\t}';
  const link = JSON.stringify([
    {
      ifname: "wg0",
      mtu: 1440,
      flags: ["UP"],
      addr_info: [{ family: "inet", local: "10.255.10.156", prefixlen: 32 }],
    },
  ]);
  const fakes = [
    `ip() { cat <<'X'\n${link}\nX\n}`,
    `wg() { case $3 in dump) cat <<'X'\n${dump}\nX\n;; *) echo "${KEY}\t$(($(date +%s) - 7))" ;; esac; }`,
    `nft() { cat <<'X'\n${nft}\nX\n}`,
    'ping() { echo "pinged $*" >&2; }',
  ].join("\n");

  it.each(["dash", "busybox"])("is read, without its private key, by %s", (shell) => {
    const command = probeCommand(lab, kvm1, ["encryption", "handshakes"]);
    const script = `${fakes}\n${command
      .replace(/^sh -c '/, "")
      .replace(/' vxlab$/, "")
      .replaceAll("'\\''", "'")}`;
    const words = shell === "busybox" ? ["sh", "-c", script] : ["-c", script];
    const { stdout } = spawnSync(shell, words, { encoding: "utf8" });
    expect(stdout).not.toContain("PRIVATE");
    const facts = parseProbe(stdout);
    expect(facts.trouble).toEqual(new Map());
    expect(facts.encryption).toMatchObject({ mtu: 1440, up: true, addresses: ["10.255.10.156/32"] });
    expect(facts.wireguard).toEqual({
      publicKey: encryption.publicKey,
      port: 51820,
      peers: new Map([[KEY, { endpoint: "192.168.10.222:51820", allowed: "10.255.10.222/32" }]]),
    });
    expect(facts.stopped).toBe(7);
    // The two clocks are read one after the other.
    expect(facts.handshakes?.get(KEY)).toBeGreaterThanOrEqual(6);
  });
});
