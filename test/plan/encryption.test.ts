/** What is planned of an encrypted underlay: who has which address, how large a packet is, who is a peer. */
import { describe, expect, it } from "vitest";
import { ed25519FromSeed, wireguardFromSeed } from "../../plan/keys";
import { planOverlay } from "../../plan/peers";
import { planLab } from "../../plan/plan";
import { ContractError, readVteps, tunnelKeyOf } from "../../plan/read-vteps";
import type { UnderlayVteps } from "../../plan/resolve-peers";
import { ENCRYPTED_VTEPS_SCHEMA } from "../../plan/vteps";
import { input, own, peer, problemsOf, vteps } from "./overlay";
import { referenceWith } from "./reference";

const encryption = "wireguard";
const hostKey = ed25519FromSeed(new Uint8Array(32), "root@server").publicKeyLine;
const planned = (fragment: object) => planLab(referenceWith(fragment), { lab: "vxlab/dev" });
const portsOf = (plan: ReturnType<typeof planned>) =>
  plan.hosts.map(({ name, ports }) => [
    name,
    ...ports.flatMap(({ remotes }) => remotes.map((one) => one.address)),
  ]);

describe("an encrypted underlay", () => {
  const plan = planned({ underlay: { encryption, keyVersion: 3 } });

  it("has a device on each host, with a peer for each tunnel", () => {
    expect(plan.hosts.map((host) => host.encryption)).toEqual([
      {
        ...{ device: "wg0", address: "10.255.10.156", port: 51820, mtu: 1440, keyVersion: 3 },
        peers: [{ host: "kvm2", address: "10.255.10.222", vtep: "192.168.10.222", port: 51820 }],
      },
      {
        ...{ device: "wg0", address: "10.255.10.222", port: 51820, mtu: 1440, keyVersion: 3 },
        peers: [{ host: "kvm1", address: "10.255.10.156", vtep: "192.168.10.156", port: 51820 }],
      },
    ]);
  });

  it("is what tunnels go by, and the hosts keep their addresses", () => {
    expect(portsOf(plan)).toEqual([
      ["kvm1", "10.255.10.222"],
      ["kvm2", "10.255.10.156"],
    ]);
    expect(plan.hosts.map(({ address }) => address)).toEqual(["192.168.10.156", "192.168.10.222"]);
  });

  it.each<[string, { underlay?: object; hosts?: object; segments?: object }, number, number]>([
    ["over IPv4", {}, 1390, 1440],
    ["on a jumbo underlay", { underlay: { mtu: 1610 } }, 1500, 1550],
    [
      "over IPv6",
      {
        underlay: { cidr: "fd00:10::/64" },
        hosts: { kvm1: { address: "fd00:10::156" }, kvm2: { address: "fd00:10::222" } },
      },
      1370,
      1420,
    ],
    ["with GENEVE", { segments: { red: { encapsulation: "geneve" } } }, 1390, 1440],
  ])("makes packets smaller %s", (_, { underlay, ...fragment }, mtu, device) => {
    const { hosts, containers } = planned({ ...fragment, underlay: { ...underlay, encryption } });
    expect(hosts.map(({ bridge, ports, encryption: on }) => [bridge.mtu, ports[0]?.mtu, on?.mtu])).toEqual(
      hosts.map(() => [mtu, mtu, device]),
    );
    expect(containers.map(({ interfaces }) => interfaces[0]?.mtu)).toEqual([mtu, mtu]);
  });

  it("flows lead to the tunnels' addresses", () => {
    const { hosts } = planned({ underlay: { encryption }, segments: { red: { flooding: "flow" } } });
    expect(hosts.map(({ ports }) => ports[0]?.stations?.map(({ vtep }) => vtep))).toEqual([
      expect.arrayContaining(["10.255.10.222"]),
      expect.arrayContaining(["10.255.10.156"]),
    ]);
  });

  it("EVPN's sessions and packets go by the tunnels, from which alone they are taken", () => {
    const [kvm1, kvm2, kvm3] = planned({
      underlay: { encryption },
      hosts: { kvm3: { address: "192.168.10.30" } },
      segments: { red: { flooding: "evpn", hosts: ["kvm1", "kvm2"] } },
      evpn: { reflectors: ["kvm1", "kvm3"] },
    }).hosts;
    const tunnels = "10.255.0.1-10.255.255.254";
    expect(kvm1?.ports[0]).toMatchObject({ remotes: [], senders: [tunnels], mtu: 1390 });
    expect(kvm1?.router).toMatchObject({
      neighbours: [{ host: "kvm3", address: "10.255.10.30", as: 65000 }],
      listen: ["10.255.0.0/16"],
      clients: [tunnels],
    });
    const peers = (host: typeof kvm1) => host?.encryption?.peers.map((one) => one.host);
    // kvm3 is in no segment, and passes routes on.
    expect([kvm1, kvm2, kvm3].map(peers)).toEqual([
      ["kvm2", "kvm3"],
      ["kvm1", "kvm3"],
      ["kvm1", "kvm2"],
    ]);
  });

  it("spokes are peers of the hub alone", () => {
    const { hosts } = planned({
      underlay: { encryption },
      hosts: { kvm3: { address: "192.168.10.30" } },
      segments: { red: { hub: "kvm2" } },
    });
    expect(hosts.map((host) => host.encryption?.peers.map((one) => one.host))).toEqual([
      ["kvm2"],
      ["kvm1", "kvm3"],
      ["kvm2"],
    ]);
  });

  it("an existing host takes part, and must have what it needs", () => {
    const { hosts } = planned({
      underlay: { encryption },
      hosts: { kvm3: { address: "172.20.7.5", existing: { hostKey } } },
    });
    const [server] = hosts.filter(({ kind }) => kind === "existing");
    expect(server).toMatchObject({
      encryption: { address: "10.255.7.5" },
      existing: { mtu: 1500, needs: ["guard", "wireguard"] },
    });
  });

  it("an existing host outside of the underlay speaks EVPN in its tunnels, with the needs of both", () => {
    const { hosts } = planned({
      underlay: { encryption, mode: "routed" },
      hosts: { server: { address: "172.20.7.5", existing: { hostKey } } },
      segments: { red: { flooding: "evpn" } },
      evpn: { reflectors: ["kvm1"] },
    });
    const [kvm1, , server] = hosts;
    expect(server).toMatchObject({
      encryption: { address: "10.255.7.5" },
      existing: { needs: ["frr", "guard", "wireguard"] },
      // Never the address that packets in clear would come from.
      router: { neighbours: [{ host: "kvm1", address: "10.255.10.156" }] },
    });
    expect(server?.encryption?.peers.map(({ host, vtep }) => [host, vtep])).toEqual([
      ["kvm1", "192.168.10.156"],
      ["kvm2", "192.168.10.222"],
    ]);
    expect(kvm1?.router?.listen).toEqual(["10.255.0.0/16"]);
    expect(kvm1?.ports[0]?.senders?.join()).not.toContain("172.20.7.5");
  });

  it("a gateway does not lead into the tunnels", () => {
    const { services } = planned({
      underlay: { encryption, mode: "nat" },
      segments: { red: { gateway: { host: "kvm1" } } },
    });
    expect(services[0]?.closed).toEqual(["192.168.10.0/24", "10.255.0.0/16"]);
  });

  it("another host changes nobody's address, and without encryption nothing is there", () => {
    const more = planned({ underlay: { encryption }, hosts: { kvm0: { address: "192.168.10.7" } } });
    expect(more.hosts.map((host) => host.encryption?.address)).toEqual([
      "10.255.10.7",
      "10.255.10.156",
      "10.255.10.222",
    ]);
    expect(JSON.stringify(planned({}))).not.toMatch(/encryption|10\.255|tunnelCidr/);
  });
});

describe("between owners", () => {
  const publicKey = (n: number) => wireguardFromSeed(new Uint8Array(32).fill(n)).publicKey;
  const sealed = ({ stack, vteps: { hosts } }: UnderlayVteps, upper: string): UnderlayVteps => ({
    stack,
    vteps: {
      schema: ENCRYPTED_VTEPS_SCHEMA,
      hosts: Object.fromEntries(
        Object.entries(hosts).map(([name, host], n) => [
          name,
          { ...host, encryption: { address: `${upper}.${n + 1}`, publicKey: publicKey(n + 1), port: 51820 } },
        ]),
      ),
    },
  });
  const [ownSealed, peerSealed] = [sealed(own, "10.255.10"), sealed(peer, "10.255.20")];

  it("keys and addresses come from the outputs", () => {
    const { hosts } = planOverlay(input({ own: ownSealed, peers: [peerSealed] }));
    const [a1] = hosts;
    expect(a1?.encryption?.peers).toEqual([
      { host: "a2", address: "10.255.10.2", vtep: "192.168.10.12", port: 51820 },
      {
        ...{ host: "underlay-b/b1", address: "10.255.20.1", vtep: "192.168.20.11", port: 51820 },
        publicKey: publicKey(1),
      },
    ]);
    expect(a1?.ports[0]?.remotes.map(({ address }) => address)).toEqual(["10.255.10.2", "10.255.20.1"]);
    // The smallest underlay has 1450.
    expect(a1?.ports[0]?.mtu).toBe(1450 - 60 - 50);
  });

  it("EVPN's sessions with another owner's reflectors go by the tunnels", () => {
    const speaking = ({ stack, vteps: one }: UnderlayVteps, as: number, name: string): UnderlayVteps => ({
      stack,
      vteps: { ...one, evpn: { as, reflectors: [name] } },
    });
    const segments = { red: { vni: 100, subnet: "10.0.3.0/24", flooding: "evpn" } };
    const [a1, a2] = planOverlay(
      input({
        own: speaking(ownSealed, 65001, "a1"),
        peers: [speaking(peerSealed, 65002, "b1")],
        sections: { segments, containers: { c1: { host: "a1" } } },
      }),
    ).hosts;
    const b1 = { host: "underlay-b/b1", address: "10.255.20.1", as: 65002 };
    expect(a1?.router?.neighbours).toEqual([b1]);
    expect(a1?.encryption?.peers.map(({ host }) => host)).toEqual(["a2", "underlay-b/b1"]);
    expect(a2?.encryption?.peers.map(({ host }) => host)).toEqual(["a1", "underlay-b/b1"]);
    expect(a1?.ports[0]?.senders).toEqual(["10.255.10.1", "10.255.10.2", "10.255.20.1"]);
  });

  it("a chain on the own hosts has its tunnels in them, and goes through no host of the peer", () => {
    const box = { host: "a2", interfaces: [{ chain: "in" }, { chain: "out" }] };
    const { chains, hosts } = planOverlay(
      input({
        own: ownSealed,
        peers: [peerSealed],
        sections: {
          segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
          containers: { c1: { host: "a1" }, c2: { host: "a1" }, m1: box },
          chains: { x: { from: "c1", to: "c2", through: ["m1"], failure: "open", probe: 500 } },
        },
      }),
    );
    expect(chains[0]).toMatchObject({ probe: 500 });
    expect(chains[0]?.hops.map(({ vtep }) => vtep)).toEqual(["10.255.10.1", "10.255.10.2", "10.255.10.1"]);
    expect(hosts[0]?.encryption?.peers.map(({ host }) => host)).toEqual(["a2", "underlay-b/b1"]);
  });

  it.each([
    ["only the own side encrypts", ownSealed, peer, "a1 encrypts its tunnels, and underlay-b/b1 does not"],
    ["only the peer does", own, peerSealed, "underlay-b/b1 encrypts its tunnels, and a1 does not"],
  ])("an overlay is refused where %s", (_, mine, theirs, said) => {
    const problems = problemsOf({ own: mine, peers: [theirs] });
    expect(problems.map(({ path, message }) => [path, message])).toEqual([
      ["segments.red.hosts", expect.stringContaining(said)],
    ]);
  });

  it("a segment of the own hosts alone does not mind", () => {
    const sections = {
      segments: { red: { vni: 100, subnet: "10.0.3.0/24", hosts: ["a1", "a2"] } },
      hosts: {},
      containers: {},
    };
    expect(problemsOf({ own: ownSealed, sections })).toEqual([]);
  });

  it("a tunnel address of both owners is refused, and a subnet around one", () => {
    expect(
      problemsOf({ own: ownSealed, peers: [sealed(peer, "10.255.10")] }).map(({ message }) => message),
    ).toEqual([expect.stringContaining("made from it is already taken by hosts.a1.address")]);
    const sections = { segments: { red: { vni: 100, subnet: "10.255.20.0/24" } }, hosts: {}, containers: {} };
    expect(
      problemsOf({ own: ownSealed, peers: [peerSealed], sections }).map(({ message }) => message),
    ).toEqual([expect.stringContaining("Overlaps 10.255.20.1/32, the addresses of the encrypted tunnels")]);
  });

  it("outputs are read whichever version has them, and an unusable key is refused", () => {
    expect(readVteps("b", { vteps: vteps({ b1: "192.168.20.11" }) }).absent).toBeUndefined();
    const found = readVteps("b", { vteps: peerSealed.vteps });
    expect(found.absent ?? found.vteps.hosts["b1"]?.encryption?.publicKey).toBe(publicKey(1));
    const [b1] = Object.values(peerSealed.vteps.hosts);
    const bad = { ...b1, encryption: { ...b1?.encryption, publicKey: "AAAA" } };
    expect(() => readVteps("b", { vteps: { ...peerSealed.vteps, hosts: { b1: bad } } })).toThrow(
      ContractError,
    );
    expect(() => tunnelKeyOf({}, "a1", "underlay-a")).toThrow(
      /"tunnelKeys" has no private key for the host a1/,
    );
  });
});
