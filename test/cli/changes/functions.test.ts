/** Changes of network functions in words: chains, encryption, EVPN, impairments, checks, drift. */
import { describe, expect, it } from "vitest";
import { SECRET, UNKNOWN, urnOf, event, said, HOST, PORT, LXC, STEP, kvm, port, nic, hop, web } from "./said";
import type { Inputs } from "./said";

describe("a chain", () => {
  const CHAIN = "vxlab:index:ServiceChain";
  const [one, two] = [[hop("m1", "kvm1")], [hop("m1", "kvm1"), hop("m2", "kvm3")]];

  it.each([
    ["create", undefined, web(two), "+ chain web-db: c1 → m1@kvm1 → m2@kvm3 → c2, fails closed"],
    [
      "update",
      web(one),
      web(two, { failure: "open" }),
      "~ chain web-db: c1 → m1@kvm1 → c2 becomes c1 → m1@kvm1 → m2@kvm3 → c2; fails open",
    ],
    [
      "create",
      undefined,
      web(one, { failure: "open", probe: 500 }),
      "+ chain web-db: c1 → m1@kvm1 → c2, fails open, its boxes are probed every 500 ms",
    ],
    [
      "update",
      web(one, { failure: "open" }),
      web(one, { failure: "open", probe: 500 }),
      "~ chain web-db: its boxes are probed every 500 ms",
    ],
    [
      "update",
      web(one, { failure: "open", probe: 500 }),
      web(one, { failure: "open" }),
      "~ chain web-db: its boxes are no longer probed",
    ],
    [
      "update",
      web(one),
      web([
        { ...hop("m1", "kvm1"), ports: ["~ web on kvm1: port 8080 → 80/tcp removed, 53 → 5353/udp added"] },
      ]),
      "~ chain web-db: interfaces of its hops",
    ],
    ["delete", web(one), undefined, "- chain web-db (c1 → m1@kvm1 → c2)"],
  ])("that is %sd", (op, old, now, line) =>
    expect(said(event(op, CHAIN, "lab-web-db-chain", old, now))).toEqual([line]),
  );
});

describe("ports of a host", () => {
  const box = (ports: object[]): Inputs => ({
    container: "web",
    hostName: "kvm1",
    interfaces: [nic("10.0.3.10/24")],
    ports,
  });
  it("are named when they come and go, and nothing restarts", () => {
    const change = event(
      "update",
      LXC,
      "lab-web",
      box([{ port: 8080, to: 80 }]),
      box([{ port: 53, to: 5353, protocol: "udp" }]),
    );
    expect(said(change)).toEqual(["~ web on kvm1: port 8080:80/tcp → 53:5353/udp"]);
  });
});

describe("encryption", () => {
  const WG = "vxlab:index:HostEncryption";
  const peer = (host: string, publicKey: unknown = `key of ${host}`) => ({
    host,
    publicKey,
    address: "10.255.0.9",
  });
  const wg = (host: string, peers: object[], publicKey: unknown = `key of ${host}`): Inputs => ({
    ...{ hostName: host, device: "wg0", address: "10.255.0.1", mtu: 1440, peers, publicKey },
  });

  it("is named where it comes and goes", () => {
    expect(
      said(
        event("create", WG, "kvm1-wg0", undefined, wg("kvm1", [peer("kvm2", UNKNOWN)], UNKNOWN)),
        event("create", WG, "kvm2-wg0", undefined, wg("kvm2", [peer("kvm1", UNKNOWN)], UNKNOWN)),
      ),
    ).toEqual(["+ WireGuard on kvm1, kvm2"]);
    expect(said(event("delete", WG, "kvm1-wg0", wg("kvm1", []), undefined))).toEqual([
      "- WireGuard on kvm1: its tunnels are not encrypted",
    ]);
  });

  it("says whose key is another, and who is a peer", () => {
    const old = wg("kvm1", [peer("kvm2"), peer("kvm3")]);
    const now = wg("kvm1", [peer("kvm2", "another"), peer("kvm4")], "another");
    expect(said(event("update", WG, "kvm1-wg0", old, now))).toEqual([
      "~ kvm1: WireGuard: new key; new peer kvm4; no longer a peer: kvm3; new key of kvm2",
    ]);
    expect(
      said(event("update", WG, "kvm1-wg0", old, wg("kvm1", [peer("kvm2", UNKNOWN), peer("kvm3")]))),
    ).toEqual([]);
  });
});

describe("EVPN routers", () => {
  const ROUTER = "vxlab:index:EvpnRouter";
  const router = (host: string, more: Inputs = {}): Inputs => ({
    ...{ hostName: host, as: 65000, local: "192.168.10.1", neighbours: [], ...more },
  });

  it("are added to hosts that are there, and told of with the host where that is new", () => {
    const [two, one] = [router("kvm2"), router("kvm1", { reflector: true })];
    expect(said(event("create", ROUTER, "lab-kvm1-evpn", undefined, one))).toEqual([
      "+ EVPN router (AS 65000; route reflector) on kvm1",
    ]);
    const made = event("create", HOST, "lab-kvm2", undefined, kvm("kvm2"));
    expect(said(made, event("create", ROUTER, "lab-kvm2-evpn", undefined, two))).toHaveLength(1);
  });

  it("say what changes, together where the same is said, and not the guard's part twice", () => {
    const at = (address: string) => ({ neighbours: [{ address, as: 65000 }], clients: [address] });
    const moved = ["kvm2", "kvm3"].map((host) =>
      event("update", ROUTER, `lab-${host}-evpn`, router(host, at("10.0.0.1")), router(host, at("10.0.0.2"))),
    );
    expect(said(...moved)).toEqual([
      "~ kvm2, kvm3: EVPN routers: BGP session with 10.0.0.1 (AS 65000) → 10.0.0.2 (AS 65000)",
    ]);
    const raised = event(
      "update",
      ROUTER,
      "lab-kvm1-evpn",
      router("kvm1"),
      router("kvm1", { reflector: true }),
    );
    expect(said(raised)).toEqual(["~ kvm1: EVPN router: is a route reflector"]);
  });
});

describe("an impairment", () => {
  const TYPE = "vxlab:index:Impairment";
  const slow = (host: string, more: Inputs = {}): Inputs => ({
    ...{
      hostName: host,
      impairment: "slow",
      where: "kvm1 ↔ kvm2",
      delay: "50ms",
      loss: "1%",
      bridge: "vxbr",
    },
    ...more,
  });
  const on = (op: string, host: string, old?: Inputs, now?: Inputs) =>
    event(op, TYPE, `lab-${host}-slow`, old && slow(host, old), now && slow(host, now));

  it("between two hosts is one line", () => {
    const line = "impairment slow: kvm1 ↔ kvm2, delay 50ms, loss 1%";
    expect(said(on("create", "kvm1", undefined, {}), on("create", "kvm2", undefined, {}))).toEqual([
      `+ ${line}`,
    ]);
    expect(said(on("delete", "kvm1", {}), on("delete", "kvm2", {}))).toEqual([`- ${line}`]);
  });

  it("is edited in place", () => {
    const now = { delay: "20ms", loss: undefined, rate: "1mbit" };
    expect(said(on("update", "kvm1", {}, now), on("update", "kvm2", {}, now))).toEqual([
      "~ impairment slow: delay 50ms → 20ms; loss removed (was 1%); rate 1mbit",
    ]);
  });

  it("that becomes one way, or the other, is said by the host that goes on", () => {
    const one = { where: "kvm1 → kvm2" };
    expect(said(on("update", "kvm1", {}, one), on("delete", "kvm2", {}))).toEqual([
      "~ impairment slow: now kvm1 → kvm2 (was kvm1 ↔ kvm2)",
    ]);
    expect(said(on("update", "kvm1", one, {}), on("create", "kvm2", undefined, {}))).toEqual([
      "~ impairment slow: now kvm1 ↔ kvm2 (was kvm1 → kvm2)",
    ]);
  });
});

describe("checks", () => {
  const CHECK = "vxlab:index:Connectivity";
  const asked = (check: string, more: Inputs = {}): Inputs => ({
    ...{ check, hostName: "kvm1", from: "c1", to: "10.0.3.11", target: "c2", kind: "ping", reach: true },
    ...{ within: 30, crosses: ["aa"], ...more },
  });

  it("are added, edited and removed by what they ask", () => {
    const http = { kind: "http", port: 80, path: "/" };
    expect(
      said(
        event("create", CHECK, "lab-check-web", undefined, asked("web", http)),
        event("update", CHECK, "lab-check-a", asked("a"), asked("a", { reach: false, within: 5 })),
        event("delete", CHECK, "lab-check-b", asked("b")),
      ),
    ).toEqual([
      "~ check a: must not be reached; seconds 30 → 5",
      "- check b",
      "+ check web: c1 reaches c2 (10.0.3.11) by HTTP, port 80, path /",
    ]);
  });

  it("run again when what they cross changes, in one line", () => {
    const again = (name: string, crosses: unknown) =>
      event("update", CHECK, `lab-check-${name}`, asked(name), asked(name, { crosses }));
    expect(said(again("a", ["bb"]), again("b", UNKNOWN))).toEqual([
      "~ checks a, b: runs again: what it crosses changes",
    ]);
  });
});

describe("what was changed by hand on a host", () => {
  const found = "tunnel vx100-c0a80ade is missing";

  it("is said of the thing, once, and its step has no line of its own", () => {
    const events = [
      event("update", PORT, "lab-kvm1-red", port("kvm1"), port("kvm1", { repair: found })),
      event("update", STEP, "lab-kvm1-red-step", { stdin: "a" }, { stdin: "b" }, urnOf(PORT, "lab-kvm1-red")),
    ];
    expect(said(...events)).toEqual([`* kvm1: segment red: ${found}`]);
  });

  it("is said beside an edit, and a text that stays is not said", () => {
    const now = port("kvm1", { repair: found, vni: 101 });
    expect(said(event("update", PORT, "lab-kvm1-red", port("kvm1"), now))).toEqual([
      `* kvm1: segment red: ${found}`,
      "~ kvm1: segment red: VNI 100 → 101",
    ]);
    const old = port("kvm1", { repair: found });
    expect(said(event("update", PORT, "lab-kvm1-red", old, now))).toEqual([
      "~ kvm1: segment red: VNI 100 → 101",
    ]);
  });

  it("of a container leaves its secrets as they are", () => {
    const box = { hostName: "kvm1", container: "c1", interfaces: [nic("10.0.3.1/24")], env: { A: SECRET } };
    const events = event("update", LXC, "lab-c1", box, { ...box, repair: "does not run" });
    expect(said(events)).toEqual(["* kvm1: container c1: does not run"]);
  });
});
