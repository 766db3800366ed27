/** Changes in words, out of events as the engine writes them. */
import { describe, expect, it } from "vitest";
import { changesOf } from "../../../cli/changes/changes";
import { editsOf } from "../../../cli/changes/edits";
import { changesText } from "../../../cli/changes/text";
import type { EngineEvent } from "../../../cli/engine/events";
import {
  SECRET,
  UNKNOWN,
  urnOf,
  event,
  said,
  HOST,
  DOMAIN,
  PORT,
  LXC,
  DOCKER,
  STEP,
  kvm,
  port,
  nic,
  box,
} from "./said";
import type { Inputs } from "./said";

/** A machine that is replaced: its component is updated, its domain replaced. */
const rebuilt = (name: string, old: Inputs, now: Inputs): EngineEvent[] => [
  event("update", HOST, name, kvm(name, old), kvm(name, now)),
  ...["delete-replaced", "replace", "create-replacement"].map((op) =>
    event(op, DOMAIN, `${name}-domain`, {}, op === "delete-replaced" ? undefined : {}, urnOf(HOST, name)),
  ),
];

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
      "! kvm2 is rebuilt (memory 256 → 512): its containers are recreated, what they wrote is lost",
    ]);
  });

  it("that are rebuilt for one reason are one line, counted as people count", () => {
    const lines = said(...["kvm10", "kvm2"].flatMap((name) => rebuilt(name, { image: "a" }, { image: "b" })));
    expect(lines).toEqual(["! kvm2, kvm10 are rebuilt (another image): what was written there is lost"]);
  });

  it.each([
    ["same", "unless the image, which is uploaded again, is unchanged"],
    ["update", "another image"],
  ])("are rebuilt with a volume of the image that is not there yet, the image itself %s: %s", (op, why) => {
    const image = event(op, "vxlab:index:GuestImage", "lab-image", { version: "a" }, { version: "a" });
    const lines = said(
      image,
      ...rebuilt("kvm2", { image: { kernel: "/k", root: "/r" } }, { image: { kernel: UNKNOWN, root: "/r" } }),
    );
    expect(lines.filter((line) => line.startsWith("!"))).toEqual([
      `! kvm2 is rebuilt (${why}): what was written there is lost`,
    ]);
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

  it("say whether their tunnels are probed", () => {
    const [off, on] = [port("kvm1"), port("kvm1", { bfd: true })];
    expect([
      ...said(event("update", PORT, "p", off, on)),
      ...said(event("update", PORT, "p", on, off)),
    ]).toEqual([
      "~ kvm1: segment red: its tunnels are probed by BFD",
      "~ kvm1: segment red: its tunnels are no longer probed",
    ]);
  });

  it("say what no words are for by its key", () => {
    expect(said(event("update", PORT, "p", port("kvm1"), port("kvm1", { evpn: 7 })))).toEqual([
      "~ kvm1: segment red: evpn 7",
    ]);
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
      "! c1 on kvm1 is recreated (image a:1 → a:2): what it wrote is lost",
    ],
    [
      "env",
      DOCKER,
      { env: { A: "1", B: "2" } },
      { env: { A: "1", B: "3" } },
      "! c1 on kvm1 is recreated (env B 2 → 3): what it wrote is lost",
    ],
    [
      "secret",
      DOCKER,
      { env: { A: SECRET } },
      { env: { A: SECRET } },
      "! c1 on kvm1 is recreated (secret env.A changed): what it wrote is lost",
    ],
    [
      "new secret",
      DOCKER,
      {},
      { env: { A: SECRET } },
      "! c1 on kvm1 is recreated (env A (secret)): what it wrote is lost",
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
      "! c1 on kvm1 is recreated (moves from kvm2): what it wrote is lost",
    ]);
  });

  it("that change their kind are new ones", () => {
    const other = event("update", DOCKER, "lab-c1", box("c1", "kvm1"), box("c1", "kvm1", { image: "a:1" }));
    const old = other.resourcePreEvent?.metadata.old;
    if (old) old.type = LXC;
    expect(said(other)).toEqual([
      "! c1 on kvm1 is recreated (lxc → docker; image a:1): what it wrote is lost",
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
