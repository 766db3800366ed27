/** As bad-input.test.ts, for encrypted underlays. */
import { ed25519FromSeed } from "../../plan/keys";
import { tellsOf } from "./rows";
import type { Row } from "./rows";

const hostKey = ed25519FromSeed(new Uint8Array(32), "root@server").publicKeyLine;
const encryption = "wireguard";
const sealed = (more: object = {}, rest: object = {}) => ({ underlay: { encryption, ...more }, ...rest });
const several = (north: object, south: object, rest: object = {}) => ({
  ...{ underlay: { cidr: undefined, mtu: undefined, mode: undefined } },
  underlays: { north: { cidr: "192.168.10.0/24", ...north }, south: { cidr: "192.168.20.0/24", ...south } },
  ...rest,
});
const server = (address: string) => ({ hosts: { kvm3: { address, existing: { hostKey } } } });

const rows: Record<string, Row[]> = {
  "settings of encryption": [
    [{ underlay: { encryption: "ipsec" } }, "underlay.encryption", "Is not a valid value", "wireguard"],
    [{ underlay: { encryption: true } }, "underlay.encryption", "Is not a valid value", "wireguard"],
    [sealed({ keyVersion: 0 }), "underlay.keyVersion", "a version of keys", "1 to 1000000"],
    [sealed({ keyVersion: "2" }), "underlay.keyVersion", "a version of keys", "1 to 1000000"],
    [{ underlay: { keyVersion: 2 } }, "underlay.keyVersion", "does not encrypt", "encryption: wireguard"],
    [
      { underlay: { tunnelCidr: "10.254.0.0/16" } },
      "underlay.tunnelCidr",
      "does not encrypt",
      "encryption: wireguard",
    ],
    [sealed({ tunnelCidr: "10.255.0.1/16" }), "underlay.tunnelCidr", "Has host bits set", "unused IPv4"],
    [sealed({ tunnelCidr: "fd00::/64" }), "underlay.tunnelCidr", "takes IPv4", "unused IPv4"],
    [sealed({ tunnelCidr: 10 }), "underlay.tunnelCidr", "Must be text in quotes", "unused IPv4"],
    [sealed({ tunnelCidr: "127.0.0.0/8" }), "underlay.tunnelCidr", "loopback", "unused IPv4"],
  ],
  "the tunnels' network": [
    [sealed({ tunnelCidr: "192.168.0.0/16" }), "underlay.tunnelCidr", "overlaps 192.168.10.0/24", "unused"],
    [
      sealed({ tunnelCidr: "10.0.0.0/16" }),
      "segments.red.subnet",
      "Overlaps 10.0.0.0/16, the addresses",
      "outside",
    ],
    [
      sealed(
        { tunnelCidr: "10.1.0.0/16" },
        { hosts: { kvm1: { bridgeAddress: "10.1.2.10/24" }, kvm2: { bridgeAddress: undefined } } },
      ),
      "hosts.kvm1.bridgeAddress",
      "Overlaps 10.1.0.0/16, the addresses",
      "tunnelCidr",
    ],
    [
      sealed({ tunnelCidr: "172.20.0.0/16" }, server("172.20.0.5")),
      "underlay.tunnelCidr",
      "contains 172.20.0.5, where hosts.kvm3 is reached without encryption",
      "unused",
    ],
    [
      sealed({ tunnelCidr: "10.255.0.0/29" }, { hosts: { kvm1: { address: "192.168.10.152" } } }),
      "hosts.kvm1.address",
      "would be 10.255.0.0 (the last bits of this address, in 10.255.0.0/29), which is the network address",
      "underlay.tunnelCidr",
    ],
    [
      sealed({ tunnelCidr: "10.255.0.0/29" }, { hosts: { kvm1: { address: "192.168.10.214" } } }),
      "hosts.kvm2.address",
      "made from it is already taken by hosts.kvm1.address",
      "tunnelCidr of its own",
    ],
    [
      several(
        { encryption, tunnelCidr: "10.255.0.0/24" },
        { encryption, tunnelCidr: "10.255.0.0/24" },
        {
          hosts: { kvm3: { address: "192.168.20.156" } },
        },
      ),
      "hosts.kvm3.address",
      "made from it is already taken by hosts.kvm1.address",
      "tunnelCidr of its own",
    ],
  ],
  "what cannot be encrypted": [
    [
      sealed({}, { segments: { red: { flooding: "multicast" } } }),
      "segments.red.flooding",
      "WireGuard carries no packets to a group",
      "flooding: unicast, flow or evpn",
    ],
    [
      several({ encryption }, {}, { hosts: { kvm3: { address: "192.168.20.4" } } }),
      "segments.red.hosts",
      "kvm1 encrypts its tunnels, and kvm3 does not",
      "encryption: wireguard for the underlay of kvm3",
    ],
    [
      several({ encryption }, { encryption }, server("172.20.0.5")),
      "segments.red.hosts",
      "kvm1 encrypts its tunnels, and kvm3 does not",
      "encryption: wireguard",
    ],
    [
      several(
        { encryption },
        {},
        {
          hosts: { kvm3: { address: "192.168.20.4" } },
          segments: { red: { flooding: "evpn", hosts: ["kvm1", "kvm2"] } },
          evpn: { reflectors: ["kvm1", "kvm3"] },
        },
      ),
      "segments.red.hosts",
      "kvm1 encrypts its tunnels, and kvm3 does not",
      "encryption: wireguard for the underlay of kvm3",
    ],
    [
      sealed({}, { hosts: { kvm1: { bridge: "wg0" } } }),
      "hosts.kvm1.bridge",
      "name of the WireGuard device",
      "another name",
    ],
    [
      sealed({ mtu: 1380 }, { segments: { red: { subnet6: "fd00:3::/64" } } }),
      "segments.red.mtu",
      "1270 is the underlay's 1380 less 110 for VXLAN and WireGuard",
      "underlay.mtu to 1390",
    ],
    [
      sealed({}, { segments: { red: { mtu: 1450 } } }),
      "segments.red.mtu",
      "1390 is the underlay's 1500 less 110 for VXLAN and WireGuard",
      "Leave it out to get 1390",
    ],
  ],
};

tellsOf(rows);
