/** components/encryption/guest.sh: the WireGuard device that a host has, what of its key is seen anywhere, what is named as drift. */
import { beforeEach, describe, expect, it } from "vitest";
import { existsSync, readFileSync, statSync } from "node:fs";
import type { EncryptionState } from "../../components/encryption/thing";
import { PROTOCOL, stepInput, type Envelope } from "../../guest/protocol";
import { wireguardFromSeed } from "../../plan/keys";
import { FakeHost } from "./fake-host";
import { WG } from "./fake-layers";

const keys = (n: number) => wireguardFromSeed(new Uint8Array(32).fill(n));
const OWN = keys(1);
const PEERS = [2, 3].map((n) => ({
  publicKey: keys(n).publicKey,
  address: `10.255.10.${n}`,
  vtep: `192.168.10.${n}`,
  port: 51820,
}));
const [FIRST, SECOND] = PEERS;
const STATE: EncryptionState = {
  ...{ bridge: "vxbr", device: "wg0", local: "192.168.10.156", address: "10.255.10.156" },
  ...{ port: 51820, mtu: 1440, publicKey: OWN.publicKey, peers: PEERS },
};
const ID = "00c0ffee-lab-kvm1-wg0";

/** It remembers, as WG does. */
const IP = `#!/bin/sh
{ printf '%s\\0' "\${0##*/}" "$@"; printf '\\036'; } >>"$FAKE/calls"
case "$*" in
  "link add "*" type wireguard") [ ! -e "$FAKE/no-module" ] || exit 2; mkdir -p "$FAKE/net/$3"; echo 1420 >"$FAKE/net/$3/mtu"; echo 0x90 >"$FAKE/net/$3/flags" ;;
  "link set dev "*" alias "*) echo "$6" >"$FAKE/net/$4/ifalias" ;;
  "link set dev "*" mtu "*" up") echo "$6" >"$FAKE/net/$4/mtu"; echo 0x91 >"$FAKE/net/$4/flags" ;;
  "link del dev "*) rm -rf "$FAKE/net/$4" "$FAKE/wg.conf" "$FAKE/wg-addresses" "$FAKE/wg-routes" ;;
  "address replace "*) echo "$3" >>"$FAKE/wg-addresses" ;;
  "address del "*) sed -i "\\\\|^$3$|d" "$FAKE/wg-addresses" ;;
  "-o address show dev wg0 "*) awk '{ print "9: wg0    inet " $1 " scope global wg0" }' "$FAKE/wg-addresses" 2>/dev/null ;;
  "route replace "*) echo "\${3%/32} scope link" >>"$FAKE/wg-routes" ;;
  "route del "*) sed -i "/^\${3%/32} /d" "$FAKE/wg-routes" ;;
  "-o route show dev wg0") cat "$FAKE/wg-routes" 2>/dev/null ;;
  "-o route get "*) [ ! -e "$FAKE/source" ] || echo "$4 dev eth0 src $(cat "$FAKE/source") uid 0" ;;
esac
`;

let host: FakeHost;

function input(
  change: Partial<EncryptionState> = {},
  privateKey: string | undefined = OWN.privateKey,
): string {
  const envelope: Envelope<"encryption"> = {
    ...{ v: PROTOCOL, id: "lab-kvm1-wg0", lab: "00c0ffee" },
    state: { ...STATE, ...change },
  };
  return stepInput(envelope, { privateKey });
}

function apply(change: Partial<EncryptionState> = {}): string[] {
  host.calls();
  expect(host.guest(["apply", "encryption"], input(change))).toEqual({
    ...{ code: 0, stdout: `{"v":${PROTOCOL}}\n`, stderr: "" },
  });
  return host.everything().map((call) => call.join(" "));
}

function observed(change: Partial<EncryptionState> = {}): unknown {
  const { code, stdout, stderr } = host.guest(["observe", "encryption"], input(change));
  expect([code, stderr]).toEqual([0, ""]);
  return (JSON.parse(stdout) as { state: unknown }).state;
}

const drift = (...words: string[]) => {
  const { code, stdout, stderr } = host.guest(["drift", ...words]);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout.split("\n").flatMap((line) => {
    if (line === "") return [];
    const { of, found } = JSON.parse(line) as { of: string; found: string };
    return of === "encryption" ? [found] : [];
  });
};

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.runs("wg", WG);
    host.runs("ip", IP);
    host.shows("pairs", [1, 2, 9].map((n) => `${keys(n).privateKey} ${keys(n).publicKey}\n`).join(""));
  });

  it("is a device with a peer, a route and a handshake for each host", () => {
    const calls = apply();
    expect(host.read("wg.conf")).toBe(
      `[Interface]\nPrivateKey = ${OWN.privateKey}\nListenPort = 51820\n` +
        PEERS.map(
          ({ publicKey, address, vtep }) =>
            `[Peer]\nPublicKey = ${publicKey}\nAllowedIPs = ${address}/32\nEndpoint = ${vtep}:51820\n`,
        ).join(""),
    );
    expect(host.read("wg-addresses")).toBe("10.255.10.156/32\n");
    expect(host.read("wg-routes")).toBe("10.255.10.2 scope link\n10.255.10.3 scope link\n");
    expect(host.read("net/wg0/ifalias")).toBe(`vxlab ${ID}\n`);
    const greeted = PEERS.map(({ publicKey }) => `peer ${publicKey} persistent-keepalive`);
    expect(calls).toContain(`wg set wg0 ${greeted.map((peer) => `${peer} 1`).join(" ")}`);
    expect(calls).toContain(`wg set wg0 ${greeted.map((peer) => `${peer} off`).join(" ")}`);
  });

  it("the private key is in a file of root's alone, and in no argument, answer or state", () => {
    const calls = apply();
    const file = host.path(`state/secrets/encryption-${ID}.json`);
    expect(readFileSync(file, "utf8")).toContain(OWN.privateKey);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(calls.join("\n")).not.toContain(OWN.privateKey);
    expect(host.read(`state/desired/encryption-${ID}.json`)).not.toContain(OWN.privateKey);
    expect(JSON.stringify([observed(), host.guest(["observe", "all"]), host.guest(["drift"])])).not.toContain(
      OWN.privateKey,
    );
  });

  it("once more changes nothing", () => {
    apply();
    const changes = /^(ip (link add|link set|address|route (replace|del))|wg set)/;
    expect(apply().filter((call) => changes.test(call))).toEqual([
      "ip address replace 10.255.10.156/32 dev wg0",
      "ip link set dev wg0 mtu 1440 up",
    ]);
  });

  it("greets a peer with a new key, and all peers with a new key of its own", () => {
    apply();
    const fresh = { ...SECOND, publicKey: keys(7).publicKey };
    const peers = [FIRST, fresh] as typeof PEERS;
    const sets = (calls: string[]) => calls.filter((call) => call.startsWith("wg set"));
    expect(sets(apply({ peers }))).toEqual(
      ["1", "off"].map((value) => `wg set wg0 peer ${fresh.publicKey} persistent-keepalive ${value}`),
    );
    host.calls();
    const own = keys(9);
    expect(
      host.guest(["apply", "encryption"], input({ peers, publicKey: own.publicKey }, own.privateKey)),
    ).toMatchObject({ code: 0, stderr: "" });
    expect(sets(host.everything().map((call) => call.join(" ")))[0]).toContain(FIRST?.publicKey);
  });

  it("observe answers in the shape of the desired state, and with what is there", () => {
    expect(observed()).toBeNull();
    apply();
    expect(observed()).toEqual(STATE);
    const other = { ...STATE, mtu: 1420, peers: [...PEERS].reverse() };
    expect(observed({ ...other, address: "10.255.10.9" })).toEqual({ ...other, mtu: 1440 });
    expect(observed({ peers: [] })).toEqual(STATE);
  });

  it("an IPv6 endpoint has brackets where wg wants them", () => {
    const peers = [{ ...FIRST, vtep: "fd00:10::2" }];
    apply({ local: "fd00:10::156", peers });
    expect(host.read("wg.conf")).toContain("Endpoint = [fd00:10::2]:51820\n");
    expect(observed({ local: "fd00:10::156", peers })).toMatchObject({ peers });
  });

  it("drift names the device, its key, and each peer that is not as planned", () => {
    apply();
    expect(drift()).toEqual([]);
    host.shows("ovs", `${JSON.stringify([{ rows: [] }, { rows: [] }, { rows: [] }])}\n`);
    expect(drift("all")).toEqual([]);
    host.shows("net/wg0/mtu", "1420\n");
    host.shows("net/wg0/flags", "0x90\n");
    host.shows("wg-routes", "10.255.10.2 scope link\n");
    const conf = host.read("wg.conf");
    const wrong = conf.replace("Endpoint = 192.168.10.2:", "Endpoint = 192.168.10.66:");
    host.shows(
      "wg.conf",
      wrong.replace(OWN.privateKey, keys(2).privateKey).replace(SECOND?.publicKey ?? "", keys(8).publicKey),
    );
    expect(drift().sort()).toEqual([
      "wg0: MTU is 1420 instead of 1440",
      `wg0: peer 10.255.10.2 at 192.168.10.66 port 51820 instead of 10.255.10.2 at 192.168.10.2 port 51820`,
      "wg0: peer 10.255.10.3 at 192.168.10.3 port 51820 is missing",
      `wg0: peer 10.255.10.3 at 192.168.10.3 port 51820 is not in the plan (public key ${keys(8).publicKey})`,
      `wg0: public key is ${keys(2).publicKey} instead of ${OWN.publicKey}`,
      "wg0: the WireGuard device is down",
      "wg0: the route to 10.255.10.3 is missing",
    ]);
    expect(drift("all")).toContain(`wg0: public key is ${keys(2).publicKey} instead of ${OWN.publicKey}`);
    host.forgets("net/wg0");
    expect(drift()).toEqual([
      "wg0: the WireGuard device is missing: no tunnel of this host works, and nothing leaves it in plain text",
    ]);
  });

  it.each<[string, () => string, string]>([
    ["a key that is none", () => input({}, "not a key"), "the step has no usable private key for wg0"],
    [
      "another host's key",
      () => input({}, keys(2).privateKey),
      `the private key of wg0 belongs to the public key ${keys(2).publicKey}, not to ${OWN.publicKey}`,
    ],
    [
      "an interface of that name that is somebody else's",
      () => {
        host.shows("net/wg0/ifalias", "my vpn\n");
        return input();
      },
      "wg0 is an interface of this host that is not this lab's. Nothing was changed here",
    ],
    [
      "packets that leave from another address than the VTEP",
      () => {
        host.shows("source", "172.16.0.1\n");
        return input();
      },
      "packets to 192.168.10.2 leave this host from 172.16.0.1, not from its VTEP 192.168.10.156",
    ],
    [
      "a kernel without WireGuard",
      () => {
        host.shows("no-module", "");
        return input();
      },
      "the kernel of this host has no WireGuard",
    ],
    [
      "another lab that encrypts",
      () => {
        host.keeps("encryption", { ...STATE, id: "lab-kvm1-wg0", lab: "0ther" });
        return input();
      },
      "wg0 is in use on this host by another lab (id 0ther). Nothing was changed here",
    ],
  ])("with %s it fails", (_, given, said) => {
    const { code, stderr } = host.guest(["apply", "encryption"], given());
    expect([code, stderr]).toEqual([1, expect.stringContaining(said)]);
    expect(existsSync(host.path(`state/desired/encryption-${ID}.json`))).toBe(false);
  });

  it("what wg says of a private key is not passed on", () => {
    host.shows("wg-refuses", `Key is not the correct length or format: \`${OWN.privateKey}'\n`);
    const { code, stderr } = host.guest(["apply", "encryption"], input());
    expect(code).toBe(1);
    expect(stderr).toContain("wg refuses the configuration of wg0");
    expect(stderr).not.toContain(OWN.privateKey);
  });

  it("goes with its device, its secret and its rules", () => {
    apply();
    expect(host.guest(["remove", "encryption"], input())).toMatchObject({ code: 0, stderr: "" });
    expect(existsSync(host.path("net/wg0"))).toBe(false);
    expect(host.kept()).toEqual([]);
    expect(existsSync(host.path(`state/secrets/encryption-${ID}.json`))).toBe(false);
  });

  it("at boot it is there before the tunnels", () => {
    apply();
    host.forgets("net/wg0");
    host.shows("wg.conf", "");
    expect(host.guest(["boot"])).toMatchObject({ code: 0 });
    expect(host.read("wg.conf")).toContain(OWN.privateKey);
    expect(host.read("net/wg0/ifalias")).toBe(`vxlab ${ID}\n`);
  });
});

describe("the host guard", () => {
  const bridge = {
    id: "lab-kvm1-vxbr",
    lab: "00c0ffee",
    bridge: "vxbr",
    mac: "02:00:00:00:00:01",
    guard: true,
  };
  const port = {
    ...{ id: "lab-kvm1-red", lab: "00c0ffee", bridge: "vxbr", vni: 100, udpPort: 4789 },
    ...{ local: STATE.address, remotes: PEERS.map(({ address }) => address) },
  };
  const chain = (name: string) =>
    (new RegExp(`  chain ${name} \\{\\n((?:    .*\\n)*)`).exec(host.read("loaded"))?.[1] ?? "")
      .split("\n")
      .flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));

  it.each(["dash", "busybox sh"])(
    "in %s lets the tunnels' packets in and out by the device alone",
    (shell) => {
      host = new FakeHost(shell);
      host.runs("wg", WG);
      host.runs("ip", IP);
      host.shows("pairs", `${OWN.privateKey} ${OWN.publicKey}\n`);
      expect(host.guest(["apply", "bridge"], bridge)).toMatchObject({ code: 0 });
      apply();
      expect(host.guest(["apply", "port"], port)).toMatchObject({ code: 0 });
      expect(chain("tunnels_4789")).toEqual([
        'iifname "wg0" @th,96,24 { 100 } ip saddr { 10.255.10.2, 10.255.10.3 } accept',
        "@th,96,24 { 100 } counter drop",
      ]);
      expect(chain("output")).toEqual([
        "type filter hook output priority filter; policy accept;",
        'oifname != "wg0" udp dport 4789 @th,96,24 { 100 } counter drop',
      ]);
      expect(chain("input")).toContain("udp dport 51820 jump wireguard_51820");
      expect(chain("wireguard_51820")).toEqual([
        "ip saddr { 192.168.10.2, 192.168.10.3 } accept",
        "counter drop",
      ]);
      expect(host.guest(["apply", "bridge"], { ...bridge, guard: false })).toMatchObject({ code: 0 });
      expect(existsSync(host.path("state/guard.nft"))).toBe(false);
    },
  );
});
