/**
 * What verify and status say of a lab in which somebody changed things by hand: each fault is made on real machines, named, and
 * healed by `up` where it is the lab's own.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change } from "../lib/changes";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";
import { redChecks } from "../lib/wait";

const SETTINGS = {
  hosts: {
    kvm1: { address: "192.168.10.156" },
    kvm2: { address: "192.168.10.222" },
  },
  segments: {
    red: { vni: 100, subnet: "10.0.3.0/24" },
    blue: {
      ...{ vni: 200, vlan: 20, subnet: "10.0.20.0/24", flooding: "flow" },
      ...{ dhcp: { host: "kvm1" }, gateway: { host: "kvm1" } },
    },
  },
  containers: {
    c1: { host: "kvm1", segment: "red", address: "10.0.3.10/24" },
    c2: { host: "kvm2", segment: "red", address: "10.0.3.11/24" },
    b2: { host: "kvm2", segment: "blue" },
  },
};

const DESIRED = "/var/lib/vxlab/desired";
const GUEST = "/usr/lib/vxlab/guest";

let project: Project;
let guests: Guests;

beforeAll(async () => {
  project = await Project.create("truth");
  project.configure(SETTINGS);
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

interface Found {
  ok: boolean;
  foreign: { host: string; what: string }[];
  faults: { name: string; got: string }[];
}

/** What status finds wrong, and what it calls foreign. It sends no packet, and so takes a few seconds. */
async function status(): Promise<{ faults: string[]; foreign: string[] }> {
  const { stdout } = await project.vxlab(["status", "--json"], { timeout: 120 });
  const { faults, foreign } = JSON.parse(stdout) as Found;
  return {
    faults: faults.map(({ name, got }) => `${name}: ${got}`),
    foreign: foreign.map(({ host, what }) => `${host}: ${what}`),
  };
}

/** `./vxlab up`: the steps that it runs again because of what it has found on the hosts; every check has to pass afterwards. */
async function healed(): Promise<string[]> {
  const { code, stdout, stderr } = await project.vxlab(["up"], { timeout: 600 });
  expect(code, stdout + stderr).toBe(0);
  expect(stderr).not.toContain(" applied again ");
  return [...stderr.matchAll(/updated +Command (\S+)-step /g)].map(([, step = ""]) => step).sort();
}

describe("a lab that is as planned", () => {
  it("passes every check, and says what it did not ping", async () => {
    expect(await redChecks(project)).toEqual([]);
    expect(await status()).toEqual({ faults: [], foreign: [] });
  });
});

describe("what changed by hand is named, and put right by up alone", () => {
  it("nothing, of which observe answers what was applied", async () => {
    for (const host of ["kvm1", "kvm2"])
      for (const { desired, found } of await guests.observed(host))
        expect(found).toEqual({ v: desired.v, state: desired.state });
  });

  it("flows, the gateway's rules, the DHCP server, desired state, a VLAN", async () => {
    const table = await guests.tell(
      "kvm1",
      "nft list tables | sed -n 's/^table inet \\(vxlab_.*_dservice\\)/\\1/p'",
    );
    expect(table).not.toBe("");
    await guests.tell(
      "kvm1",
      "ovs-ofctl add-flow vxbr priority=9,in_port=1,actions=drop; " +
        `ovs-ofctl add-flow bf200 priority=300,in_port=2,actions=output:1; nft delete table inet ${table}; ` +
        "kill $(cat /var/lib/vxlab/services/*/loop.pid) $(cat /var/lib/vxlab/services/*/dnsmasq.pid)",
    );
    await guests.tell(
      "kvm2",
      `ovs-ofctl del-flows bf200 in_port=2; rm ${DESIRED}/container-*-c2.json; ovs-vsctl set port v-b2 tag=0`,
    );
    const { faults } = await status();
    const [first, ...more] = [
      "drift/kvm1: bf200: flow is not in the plan: priority=300,in_port=2 actions=output:1; bridge vxbr: flow is not part of the lab: ",
      "kept/kvm2: missing for container c2",
      "drift/kvm2: bf200: flow is missing: ",
      `service/blue: gw-blue: the nft table inet ${table} is missing`,
      "gw-blue: dnsmasq does not run",
      "gw-blue: the loop that restarts dnsmasq does not run",
      "container/b2: RUNNING, port v-b2 carries untagged frames instead of VLAN 20",
    ];
    const text = faults.join("\n");
    for (const part of [first, ...more]) expect(text).toContain(part);
    expect(faults).toHaveLength(5);
    const pids = { ...(await guests.facts("kvm1")).pids, ...(await guests.facts("kvm2")).pids };
    expect(await healed()).toEqual([
      ...["lab-b2", "lab-c2"],
      ...["lab-kvm1-blue", "lab-kvm1-blue-service", "lab-kvm1-vxbr"],
      "lab-kvm2-blue",
    ]);
    expect(
      { ...(await guests.facts("kvm1")).pids, ...(await guests.facts("kvm2")).pids },
      "nothing restarts",
    ).toEqual(pids);
    expect(await status()).toEqual({ faults: [], foreign: [] });
  });

  it("a plain pulumi does not look; without a look verify finds it, and applies it again", async () => {
    await guests.tell("kvm2", `rm ${DESIRED}/port-*-red.json`);
    const { steps } = await change(project, ["preview"]);
    expect(steps).toEqual([]);
    const { stderr } = await project.vxlab(["up", "--no-drift"], { timeout: 600 });
    expect(stderr).toContain("kvm2: port of VNI 100 applied again ");
    expect(stderr).not.toContain("updated   Command");
  });
});

describe("what no plan puts there", () => {
  it("is named: a container of this lab on another host, by its own; a foreign port, which is left alone", async () => {
    const state = await guests.tell("kvm1", `cat ${DESIRED}/container-*-c1.json`);
    await guests.tell("kvm2", `${GUEST} apply container`, 120, state);
    await guests.tell("kvm2", "ovs-vsctl add-port vxbr tap7 -- set interface tap7 type=internal");
    try {
      expect(await status()).toEqual({
        faults: [
          "foreign/kvm2: no plan has this here: container c1 (runs; the plan has it on kvm1); foreign, left alone: port tap7 on vxbr",
        ],
        foreign: ["kvm2: port tap7 on vxbr"],
      });
    } finally {
      await guests.tell("kvm2", `${GUEST} remove container`, 120, state);
    }
    expect(await status()).toEqual({ faults: [], foreign: ["kvm2: port tap7 on vxbr"] });
    await guests.tell("kvm2", "ovs-vsctl del-port tap7");
  });
});

describe("packets that are lost", () => {
  const cut = (rule: string) =>
    `nft 'table inet cut { chain c { type filter hook input priority 0; policy accept; ${rule} drop; }; }'`;

  it("on one way of a pair: which one is said", async () => {
    await guests.tell("kvm1", cut("ip saddr 192.168.10.222 udp dport 4789"));
    try {
      const { stdout } = await project.vxlab(["verify", "--only", "ping", "--json"], { timeout: 180 });
      const { checks } = JSON.parse(stdout) as { checks: { name: string; ok: boolean; got: string }[] };
      expect(checks.map(({ name, ok, got }) => `${name} ${ok} ${got}`)).toEqual([
        "ping/c1/c2 false asked twice: no answer: requests arrive at kvm2, its answers arrive at kvm1, which drops them: " +
          "the way from kvm2 to kvm1 is cut at kvm1",
        "ping/c2/c1 false asked twice: no answer: requests arrive at kvm1, which drops them: the way from kvm2 to kvm1 is cut at kvm1",
      ]);
    } finally {
      await guests.tell("kvm1", "nft delete table inet cut");
    }
  });

  it("behind a gateway whose host has somebody else's rules: the chain is named", async () => {
    await guests.tell(
      "kvm1",
      "nft 'table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; }'",
    );
    try {
      const red = await redChecks(project);
      const chain =
        "gw-blue: what it forwards is dropped by a chain of somebody else: nft list chain ip filter FORWARD";
      expect(red).toEqual([`service/blue: ${chain}`, `beyond/blue: asked twice: no answer; ${chain}`]);
    } finally {
      await guests.tell("kvm1", "nft delete table ip filter");
    }
    expect(await redChecks(project)).toEqual([]);
  });
});
