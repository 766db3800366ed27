import { describe, expect, it } from "vitest";
import { statusOf } from "../../cli/output/status";
import { renderStatus } from "../../cli/output/status-text";
import type { Evidence } from "../../verify/check";
import type { ContainerFacts, HostFacts, PortFacts } from "../../verify/evidence/facts";
import { ContainerKind } from "../../plan/types";
import { factsOf } from "../verify/evidence";
import { fabricLab, referenceLab } from "./fixture";

const tunnel = (remote: string, local: string): PortFacts => ({
  type: "vxlan",
  ofport: 1,
  error: "",
  protected: true,
  tag: 0,
  trunks: [],
  options: { remote_ip: remote, local_ip: local, key: "100", dst_port: "4789" },
});
const plug: PortFacts = { type: "", ofport: 2, error: "", protected: false, tag: 0, trunks: [], options: {} };
const box = (mac: string, address: string, pid: number): ContainerFacts => ({
  state: "RUNNING",
  pid,
  nics: new Map([["eth0", { mac, mtu: 1450, up: true, addresses: [address] }]]),
});

/** What has its own test. */
const rest = (host: string): HostFacts => factsOf(referenceLab(), host);
const kvm1: HostFacts = {
  ...rest("kvm1"),
  ports: new Map([
    ["vx100-c0a80ade", tunnel("192.168.10.222", "192.168.10.156")],
    ["v-c1", plug],
  ]),
  bridge: { mac: "0a:4e:40:55:16:49", mtu: 1450, up: true, addresses: ["10.1.2.10/24"] },
  containers: new Map([["c1", box("02:fe:40:d0:21:eb", "10.0.3.10/24", 254)]]),
  services: new Map(),
  trouble: new Map(),
};
const kvm2: HostFacts = {
  ...rest("kvm2"),
  ports: new Map([
    ["vx100-c0a80a9c", tunnel("192.168.10.156", "192.168.10.222")],
    ["v-c2", plug],
  ]),
  bridge: { mac: "0a:ca:c9:48:95:f0", mtu: 1450, up: true, addresses: ["10.1.2.11/24"] },
  containers: new Map([["c2", box("02:0f:b1:3b:63:43", "10.0.3.11/24", 250)]]),
  services: new Map(),
  trouble: new Map(),
};

const nic = { mac: "02:00:00:00:00:01", mtu: 1450, up: true };
const evidence = (hosts: Evidence["hosts"]): Evidence => ({ hosts, pings: new Map(), wires: new Map() });
const well = evidence(
  new Map([
    ["kvm1", { facts: kvm1 }],
    ["kvm2", { facts: kvm2 }],
  ]),
);
const DOMAINS = new Map([
  ["vxlab-cafe0001-kvm1", "running"],
  ["vxlab-cafe0001-kvm2", "shut off"],
  ["somebody-elses", "running"],
]);
const RUNNING = new Map([...DOMAINS, ["vxlab-cafe0001-kvm2", "running"]]);

describe("a lab that is well", () => {
  const status = statusOf(referenceLab(), well, RUNNING);

  it("is one table for each kind of thing", () => {
    expect(renderStatus(status)).toMatchInlineSnapshot(`
      "HOST  ADDRESS (VTEP)  MACHINE  SSH  BRIDGE  ITS ADDRESS
      kvm1  192.168.10.156  running  up   vxbr    10.1.2.10/24
      kvm2  192.168.10.222  running  up   vxbr    10.1.2.11/24

      TUNNEL          FROM  TO    REMOTE          SEGMENT  VNI  UDP   STATE
      vx100-c0a80ade  kvm1  kvm2  192.168.10.222  red      100  4789  up (ofport 1)
      vx100-c0a80a9c  kvm2  kvm1  192.168.10.156  red      100  4789  up (ofport 1)

      CONTAINER  HOST  SEGMENT  ADDRESS       STATE    PID
      c1         kvm1  red      10.0.3.10/24  RUNNING  254
      c2         kvm2  red      10.0.3.11/24  RUNNING  250

      everything is as desired"
    `);
  });

  it("is an object for programs", () => {
    expect(status).toMatchObject({ lab: "cafe0001", ok: true, faults: [] });
    expect(status.tunnels[0]).toEqual({
      host: "kvm1",
      to: "kvm2",
      remote: "192.168.10.222",
      segment: "red",
      vni: 100,
      udpPort: 4789,
      port: "vx100-c0a80ade",
      ofport: 1,
      error: "",
      missing: false,
      ok: true,
    });
    expect(JSON.parse(JSON.stringify(status))).toEqual(status);
  });
});

describe("a lab that is not", () => {
  it("a machine that is off and silent is one row and two lines, not a wall of them", () => {
    const hosts = new Map([
      ["kvm1", { facts: kvm1 }],
      ["kvm2", { silent: "does not answer: ssh: connect to host 192.168.10.222 port 22: No route to host" }],
    ]);
    const status = statusOf(referenceLab(), evidence(hosts), DOMAINS);
    expect(status.ok).toBe(false);
    expect(renderStatus(status)).toMatchInlineSnapshot(`
      "HOST  ADDRESS (VTEP)  MACHINE   SSH   BRIDGE  ITS ADDRESS
      kvm1  192.168.10.156  running   up    vxbr    10.1.2.10/24
      kvm2  192.168.10.222  shut off  DOWN  vxbr    10.1.2.11/24

      TUNNEL          FROM  TO    REMOTE          SEGMENT  VNI  UDP   STATE
      vx100-c0a80ade  kvm1  kvm2  192.168.10.222  red      100  4789  up (ofport 1)
      vx100-c0a80a9c  kvm2  kvm1  192.168.10.156  red      100  4789  unknown

      CONTAINER  HOST  SEGMENT  ADDRESS       STATE    PID
      c1         kvm1  red      10.0.3.10/24  RUNNING  254
      c2         kvm2  red      10.0.3.11/24  unknown  -

      2 things are not as desired:
        machine/kvm2: shut off
            expected  running
            look      ./vxlab up (starts it again)
        ssh/kvm2: does not answer: ssh: connect to host 192.168.10.222 port 22: No route to host
            expected  192.168.10.222 answers with its pinned host key
            look      ./vxlab ssh kvm2 -- uptime"
    `);
  });

  it.each<[string, Partial<PortFacts>, string]>([
    ["refused", { ofport: -1, error: "could not add" }, "REFUSED"],
    ["with another VNI", { options: { key: "101" } }, "WRONG (ofport 1)"],
    ["not protected", { protected: false }, "WRONG (ofport 1)"],
  ])("a tunnel that is %s shows it", (_, change, word) => {
    const ports = new Map([...(kvm1.ports ?? [])]);
    ports.set("vx100-c0a80ade", { ...tunnel("192.168.10.222", "192.168.10.156"), ...change });
    const hosts = new Map([...well.hosts, ["kvm1", { facts: { ...kvm1, ports } }] as const]);
    const status = statusOf(referenceLab(), evidence(hosts), RUNNING);
    expect(status.faults.map(({ name }) => name)).toEqual(["tunnel/kvm1/vx100-c0a80ade"]);
    expect(renderStatus(status)).toContain(word);
  });

  it("a tunnel that its host does not have is missing", () => {
    const ports = new Map([...(kvm1.ports ?? [])].filter(([name]) => name !== "vx100-c0a80ade"));
    const hosts = new Map([...well.hosts, ["kvm1", { facts: { ...kvm1, ports } }] as const]);
    const status = statusOf(referenceLab(), evidence(hosts), RUNNING);
    expect(renderStatus(status)).toMatch(/^vx100-c0a80ade .* MISSING$/m);
  });

  it("what is foreign is named, and no fault", () => {
    const ports = new Map([
      ...(kvm1.ports ?? []),
      [
        "tap0",
        { type: "", ofport: 7, error: "", protected: false, trunks: [], bridge: "vxbr", options: {} },
      ] as const,
    ]);
    const boxes = [...(kvm1.boxes ?? []), { kind: ContainerKind.Docker, name: "web", state: "RUNNING" }];
    const hosts = new Map([...well.hosts, ["kvm1", { facts: { ...kvm1, ports, boxes } }] as const]);
    const status = statusOf(referenceLab(), evidence(hosts), RUNNING);
    expect(status.ok).toBe(true);
    expect(renderStatus(status)).toContain(
      "foreign, left alone:\n  kvm1: port tap0 on vxbr\n  kvm1: Docker container web\n\neverything is as desired",
    );
  });

  it("nothing is as desired that was not looked at", () => {
    const blind = { ...kvm1, kept: undefined, drift: undefined, boxes: undefined };
    const hosts = new Map([...well.hosts, ["kvm1", { facts: blind }] as const]);
    const status = statusOf(referenceLab(), evidence(hosts), RUNNING);
    expect(status.faults.map(({ name, got }) => `${name}: ${got}`)).toEqual([
      "kept/kvm1: not reported by the host",
      "drift/kvm1: not reported by the host",
      "foreign/kvm1: not reported by the host",
    ]);
  });

  it("a libvirt that does not answer is no fault of a machine that does", () => {
    const status = statusOf(referenceLab(), well, undefined);
    expect(status.hosts.map(({ machine }) => machine)).toEqual(["unknown", "unknown"]);
    expect(status.ok).toBe(true);
  });

  it("a machine that libvirt does not know is absent", () => {
    const status = statusOf(referenceLab(), well, new Map());
    expect(status.faults.map(({ name, got }) => `${name} ${got}`)).toEqual([
      "machine/kvm1 absent",
      "machine/kvm2 absent",
    ]);
  });
});

describe("a fabric", () => {
  it("has one row for a port to all others, its services, and every address", () => {
    const status = statusOf(fabricLab(), evidence(new Map()), undefined);
    const text = renderStatus(status);
    expect(text).toMatch(/vf200 +kvm1 +kvm2 +by flows +blue +200 +4789/);
    expect(text).toMatch(/vm300 +kvm1 +kvm2 +239\.0\.1\.44 +green +300 +4790/);
    expect(text).toMatch(
      /green +kvm1 +gw-green +10\.0\.5\.1\/24 +gateway, DHCP 10\.0\.5\.192 to 10\.0\.5\.254/,
    );
    expect(text).toMatch(/c1 +kvm1 +red blue +10\.0\.3\.10\/24 fd00:3::10\/64 10\.0\.4\.10\/24/);
    expect(text).toMatch(/server +172\.20\.0\.5 +existing/);
    expect(
      status.faults.some(({ name }) => name === "machine/server"),
      "no machine of ours",
    ).toBe(false);
  });

  it("shows the address that was lent", () => {
    const lent = {
      state: "RUNNING",
      pid: 5,
      nics: new Map([["eth0", { ...nic, addresses: ["10.0.5.200/24"] }]]),
    };
    const facts: HostFacts = { containers: new Map([["c4", lent]]), services: new Map(), trouble: new Map() };
    const status = statusOf(fabricLab(), evidence(new Map([["kvm2", { facts }]])), undefined);
    expect(status.containers.find(({ name }) => name === "c4")?.address).toBe("10.0.5.200/24");
  });
});
