/** Changes in words, out of events as the engine writes them. */
import { describe, expect, it } from "vitest";
import { changesOf } from "../../../cli/changes/changes";
import { editsOf } from "../../../cli/changes/edits";
import { changesText } from "../../../cli/changes/text";
import type { EngineEvent } from "../../../cli/engine/events";

type Inputs = Record<string, unknown>;

/** As the engine tells a secret (sdk/go/common/resource, SigKey), and what it does not know yet. */
const SECRET = {
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  ciphertext: "[secret]",
};
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const urnOf = (type: string, name: string): string =>
  `urn:pulumi:lab::vxlab::vxlab:index:VxlanLab$${type}::${name}`;

function event(op: string, type: string, name: string, old?: Inputs, now?: Inputs, parent = ""): EngineEvent {
  const state = (inputs: Inputs) => ({ type, parent, inputs });
  const states = {
    ...(old === undefined ? {} : { old: state(old) }),
    ...(now === undefined ? {} : { new: state(now) }),
  };
  return { resourcePreEvent: { metadata: { op, urn: urnOf(type, name), ...states } } };
}

const said = (...events: EngineEvent[]): string[] =>
  changesText({ changes: changesOf(editsOf(events)), unchanged: 0 }, false)
    .split("\n")
    .filter((line) => line !== "");

const HOST = "vxlab:index:KvmHost";
const DOMAIN = "libvirt:index/domain:Domain";
const PORT = "vxlab:index:VxlanPort";
const LXC = "vxlab:index:LxcContainer";
const DOCKER = "vxlab:index:DockerContainer";
const STEP = "command:remote:Command";

const kvm = (name: string, more: Inputs = {}): Inputs => ({
  hostName: name,
  address: `192.168.10.${name.slice(3)}/24`,
  memory: 256,
  vcpus: 1,
  ...more,
});
const port = (host: string, more: Inputs = {}): Inputs => ({
  hostName: host,
  segment: "red",
  vni: 100,
  flooding: "unicast",
  remotes: [],
  ...more,
});
const nic = (address: string, more: Inputs = {}): Inputs => ({
  addresses: [address],
  mac: "02:00:00:00:00:01",
  veth: "v",
  mtu: 1450,
  ...more,
});
const box = (name: string, host: string, more: Inputs = {}): Inputs => ({
  container: name,
  hostName: host,
  interfaces: [nic("10.0.3.10/24")],
  ...more,
});

const hop = (name: string, host: string): Inputs => ({ hop: name, hostName: host });
const web = (through: Inputs[], more: Inputs = {}): Inputs => ({
  ...{ chain: "web-db", from: hop("c1", "kvm1"), through, to: hop("c2", "kvm2"), failure: "closed" },
  ...more,
});

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
      "update",
      web(one),
      web([{ ...hop("m1", "kvm1"), ports: ["x"] }]),
      "~ chain web-db: interfaces of its hops",
    ],
    ["delete", web(one), undefined, "- chain web-db (c1 → m1@kvm1 → c2)"],
  ])("that is %sd", (op, old, now, line) =>
    expect(said(event(op, CHAIN, "lab-web-db-chain", old, now))).toEqual([line]),
  );
});

/** A machine that is replaced: its component is updated, its domain replaced. */
const rebuilt = (name: string, old: Inputs, now: Inputs): EngineEvent[] => [
  event("update", HOST, name, kvm(name, old), kvm(name, now)),
  ...["delete-replaced", "replace", "create-replacement"].map((op) =>
    event(op, DOMAIN, `${name}-domain`, {}, op === "delete-replaced" ? undefined : {}, urnOf(HOST, name)),
  ),
];

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

describe("hosts", () => {
  it("are added with address and memory", () => {
    expect(
      said(event("create", HOST, "lab-kvm3", undefined, kvm("kvm3", { memory: 512, vcpus: 2 }))),
    ).toEqual(["+ host kvm3 192.168.10.3, 512 MiB, 2 vCPUs"]);
  });

  it("that exist already are told from machines", () => {
    const now = { hostName: "srv", address: "10.9.9.9", peers: [] };
    expect(said(event("create", "vxlab:index:ExistingHost", "lab-srv", undefined, now))).toEqual([
      "+ host srv 10.9.9.9, an existing host",
    ]);
  });

  it("that are rebuilt say why, and speak for all that is on them", () => {
    const lines = said(
      ...rebuilt("kvm2", {}, { memory: 512 }),
      event("replace", PORT, "lab-kvm2-red", port("kvm2"), port("kvm2")),
      event("replace", LXC, "lab-c2", box("c2", "kvm2"), box("c2", "kvm2")),
    );
    expect(lines).toEqual([
      "! kvm2 is rebuilt (memory 256 → 512): the containers there are made anew, what they wrote is lost",
    ]);
  });

  it("that are rebuilt for one reason are one line, counted as people count", () => {
    const lines = said(...["kvm10", "kvm2"].flatMap((name) => rebuilt(name, { image: "a" }, { image: "b" })));
    expect(lines).toEqual(["! kvm2, kvm10 are rebuilt (another image): what was written there is lost"]);
  });

  it("are rebuilt also where no input of theirs differs", () => {
    const step = event(
      "replace",
      DOMAIN,
      "kvm2-domain",
      { cpu: "a" },
      { cpu: "b", disks: UNKNOWN },
      urnOf(HOST, "kvm2"),
    );
    expect(said(event("same", HOST, "kvm2", kvm("kvm2"), kvm("kvm2")), step)).toEqual([
      "! kvm2 is rebuilt (Domain: cpu): what was written there is lost",
    ]);
  });
});

describe("segments", () => {
  const tunnel = (host: string): EngineEvent =>
    event(
      "update",
      PORT,
      `lab-${host}-red`,
      port(host, { remotes: ["192.168.10.9"] }),
      port(host, { remotes: ["192.168.10.9", "192.168.10.3"] }),
    );

  it("of which the same is said on several hosts are one line", () => {
    expect(said(tunnel("kvm1"), tunnel("kvm2"))).toEqual([
      "~ kvm1, kvm2: segment red: tunnel to 192.168.10.3 added",
    ]);
  });

  it("do not name a VTEP that is unknown as yet", () => {
    const now = port("kvm1", { remotes: [UNKNOWN] });
    expect(said(event("update", PORT, "p", port("kvm1"), now))).toEqual([
      "~ kvm1: segment red: tunnel to known after up added",
    ]);
  });

  it("are new where all their ports are, and not said of a host that is new", () => {
    const green = (host: string) =>
      event("create", PORT, `lab-${host}-green`, undefined, port(host, { segment: "green", vni: 300 }));
    const lines = said(
      event("create", HOST, "lab-kvm3", undefined, kvm("kvm3")),
      event("same", PORT, "lab-kvm1-red", port("kvm1"), port("kvm1")),
      event("create", PORT, "lab-kvm3-red", undefined, port("kvm3")),
      green("kvm1"),
      green("kvm3"),
    );
    expect(lines).toEqual(["+ host kvm3 192.168.10.3, 256 MiB", "+ segment green (VNI 300) on kvm1, kvm3"]);
  });

  it("with another way to flood do not list what comes with it", () => {
    const now = port("kvm1", {
      flooding: "flow",
      stations: [{ mac: "a", addresses: ["10.0.3.11"], vtep: "192.168.10.2" }],
    });
    expect(said(event("update", PORT, "p", port("kvm1"), now))).toEqual([
      "~ kvm1: segment red: flooding unicast → flow",
    ]);
  });

  it("say what no words are for by its key", () => {
    expect(said(event("update", PORT, "p", port("kvm1"), port("kvm1", { evpn: 7 })))).toEqual([
      "~ kvm1: segment red: evpn 7",
    ]);
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

describe("containers", () => {
  it.each([
    [
      "command",
      LXC,
      { command: ["/sbin/init"] },
      { command: ["sleep", "9"] },
      "~ c1 on kvm1: command /sbin/init → sleep 9; it restarts",
    ],
    [
      "address",
      LXC,
      {},
      { interfaces: [nic("10.0.3.20/24")] },
      "~ c1 on kvm1: address 10.0.3.10/24 → 10.0.3.20/24",
    ],
    [
      "image",
      DOCKER,
      { image: "a:1" },
      { image: "a:2" },
      "! c1 on kvm1 is made anew (image a:1 → a:2): what it wrote is lost",
    ],
    [
      "env",
      DOCKER,
      { env: { A: "1", B: "2" } },
      { env: { A: "1", B: "3" } },
      "! c1 on kvm1 is made anew (env B 2 → 3): what it wrote is lost",
    ],
    [
      "secret",
      DOCKER,
      { env: { A: SECRET } },
      { env: { A: SECRET } },
      "! c1 on kvm1 is made anew (secret env.A changed): what it wrote is lost",
    ],
    [
      "new secret",
      DOCKER,
      {},
      { env: { A: SECRET } },
      "! c1 on kvm1 is made anew (env A (secret)): what it wrote is lost",
    ],
    [
      "MTU",
      DOCKER,
      {},
      { interfaces: [nic("10.0.3.10/24", { mtu: 1400 })] },
      "~ c1 on kvm1: MTU 1450 → 1400",
    ],
    [
      "security",
      LXC,
      {},
      { interfaces: [nic("10.0.3.10/24", { portSecurity: false })] },
      "~ c1 on kvm1: port security off",
    ],
  ])("with another %s", (_, type, old, now, line) => {
    expect(said(event("update", type, "lab-c1", box("c1", "kvm1", old), box("c1", "kvm1", now)))).toEqual([
      line,
    ]);
  });

  it.each(["update", "replace"])("that move lose what they wrote (%s)", (op) => {
    const step = event("replace", STEP, "lab-c1-step", {}, {}, urnOf(LXC, "lab-c1"));
    expect(said(event(op, LXC, "lab-c1", box("c1", "kvm2"), box("c1", "kvm1")), step)).toEqual([
      "! c1 on kvm1 is made anew (moves from kvm2): what it wrote is lost",
    ]);
  });

  it("that change their kind are new ones", () => {
    const other = event("update", DOCKER, "lab-c1", box("c1", "kvm1"), box("c1", "kvm1", { image: "a:1" }));
    const old = other.resourcePreEvent?.metadata.old;
    if (old) old.type = LXC;
    expect(said(other)).toEqual([
      "! c1 on kvm1 is made anew (lxc → docker; image a:1): what it wrote is lost",
    ]);
  });

  it("come and go", () => {
    expect(
      said(
        event("create", LXC, "lab-c3", undefined, box("c3", "kvm3")),
        event("delete", LXC, "lab-c2", box("c2", "kvm2")),
      ),
    ).toEqual(["- c2 on kvm2: what it wrote is lost", "+ c3 on kvm3, 10.0.3.10/24"]);
  });

  it("of one change on several hosts are one line", () => {
    const mtu = (name: string, host: string) =>
      event(
        "update",
        LXC,
        name,
        box(name, host),
        box(name, host, { interfaces: [nic("10.0.3.10/24", { mtu: 1400 })] }),
      );
    expect(said(mtu("c1", "kvm1"), mtu("c2", "kvm2"))).toEqual(["~ c1, c2 on kvm1, kvm2: MTU 1450 → 1400"]);
  });
});

describe("everything else", () => {
  it("a step that runs again though nothing of its component differs is said", () => {
    const parent = urnOf(LXC, "lab-c1");
    expect(
      said(
        event("same", LXC, "lab-c1", box("c1", "kvm1"), box("c1", "kvm1")),
        event("update", STEP, "lab-c1-step", { create: "a" }, { create: "b" }, parent),
      ),
    ).toEqual(["~ c1 on kvm1: applied again (create)"]);
  });

  it("a component that only says more of itself than before is unchanged", () => {
    const { hostName, ...old } = box("c1", "kvm1");
    expect(hostName).toBe("kvm1");
    expect(said(event("update", LXC, "lab-c1", old, box("c1", "kvm1")))).toEqual([]);
  });

  it("resources of the user's program have a line, those inside of ours none", () => {
    const own: EngineEvent = {
      resourcePreEvent: {
        metadata: { op: "create", urn: "urn:pulumi:lab::p::aws:s3/bucket:Bucket::b", new: {} },
      },
    };
    const inside = event(
      "create",
      "random:index/randomId:RandomId",
      "lab-id",
      undefined,
      {},
      "urn:pulumi:lab::vxlab::vxlab:index:VxlanLab::lab",
    );
    const lab: EngineEvent = {
      resourcePreEvent: {
        metadata: { op: "create", urn: "urn:pulumi:lab::vxlab::vxlab:index:VxlanLab::lab", new: {} },
      },
    };
    expect(said(lab, inside, own)).toEqual(["+ aws:s3/bucket:Bucket b"]);
  });

  it("no value of a secret is in any line, nor in the JSON", () => {
    const plain = { ...SECRET, ciphertext: "hunter2" };
    const events = [
      event(
        "update",
        DOCKER,
        "lab-c1",
        box("c1", "kvm1"),
        box("c1", "kvm1", { env: { A: plain }, image: plain, command: [plain] }),
      ),
    ];
    expect(JSON.stringify(changesOf(editsOf(events)))).not.toContain("hunter2");
    expect(said(...events)).toHaveLength(1);
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

describe("the text", () => {
  const changes = changesOf(editsOf([event("delete", LXC, "lab-c2", box("c2", "kvm2"))]));

  it("has marks with and without colours", () => {
    expect(changesText({ changes, unchanged: 3 }, false)).toBe(
      "- c2 on kvm2: what it wrote is lost\n  3 unchanged",
    );
    expect(changesText({ changes, unchanged: 3 }, true)).toBe(
      "\u001b[31m- c2 on kvm2: what it wrote is lost\u001b[0m\n  3 unchanged",
    );
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

  it("of a container with secrets is no change of these", () => {
    const box = { hostName: "kvm1", container: "c1", interfaces: [nic("10.0.3.1/24")], env: { A: SECRET } };
    const events = event("update", LXC, "lab-c1", box, { ...box, repair: "does not run" });
    expect(said(events)).toEqual(["* kvm1: container c1: does not run"]);
  });
});
