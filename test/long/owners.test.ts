/**
 * Two owners on real machines, with segments of EVPN, by eBGP, and of unicast; then with encryption, each with keys of its own. In the end
 * two of the machines are existing hosts of a third lab, with both, and with ports behind their owner's firewall; and of two labs of one name.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WIREGUARD } from "../lib/encryption-lab";
import { leaksIn } from "../lib/leaks";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { onUnderlay, portsOf } from "../lib/underlay-ear";
import { within } from "../lib/wait";

const [A1, A2, B1] = ["192.168.10.11", "192.168.10.12", "192.168.20.11"];
const SEGMENTS = {
  red: { vni: 100, subnet: "10.0.3.0/24", flooding: "evpn" },
  blue: { vni: 200, vlan: 20, subnet: "10.0.20.0/24" },
};
const box = (host: string, segment: string, address: string) => ({ host, segment, address });
const STACKS = ["underlay-a", "underlay-b", "overlay-b", "overlay-a"];
/** What a lab leaves on a host, if it leaves anything. */
const LISTING = `ip -o link | sed 's/^[0-9]*: //; s/:.*//' | sort; ip -o -4 address | awk '{ print $2, $4 }' | sort; nft list ruleset
ovs-vsctl --timeout=30 list-br; ls -A /etc/frr /run/frr /var/lib/vxlab /usr/lib/vxlab 2>&1; ip route
ps -e -o comm | grep -E 'zebra|bgpd|lxc|dnsmasq'; :`;

let project: Project;
const before: Record<string, string> = {};

function underlays(of: string, more: object = {}): void {
  const underlay = (cidr: string) => ({ cidr, mode: "routed", ...more });
  const [cidr, hosts, as, reflectors] =
    of === "a"
      ? ["192.168.10.0/24", { a1: { address: A1 }, a2: { address: A2 } }, 65001, ["a1"]]
      : ["192.168.20.0/24", { b1: { address: B1 } }, 65002, ["b1"]];
  const evpn = { as, reflectors };
  project.configure(
    { role: "underlay", image: { kind: "docker" }, underlay: underlay(cidr), hosts, evpn },
    `underlay-${of}`,
  );
}

function overlays(): void {
  const overlay = (own: string, peer: string, containers: object) =>
    project.configure(
      {
        ...{ role: "overlay", underlayStack: `underlay-${own}`, peers: [`underlay-${peer}`], hosts: {} },
        ...{ segments: SEGMENTS, containers },
      },
      `overlay-${own}`,
    );
  overlay("a", "b", {
    c1: box("a1", "red", "10.0.3.10/24"),
    c4: box("a2", "red", "10.0.3.13/24"),
    d1: box("a1", "blue", "10.0.20.10/24"),
  });
  overlay("b", "a", { c2: box("b1", "red", "10.0.3.11/24"), d2: box("b1", "blue", "10.0.20.11/24") });
}

const up = (...stacks: string[]) =>
  project.vxlab(["up", "--no-verify", ...stacks.flatMap((stack) => ["-s", stack])], { timeout: 900 });
const ssh = async (host: string, stack: string, script: string) =>
  good(await project.vxlab(["ssh", host, "-s", stack, "--", script], { timeout: 60 })).trim();
async function reaches(from: string, stack: string, to: string): Promise<boolean> {
  const ping = ["exec", from, "-s", stack, "--", "ping", "-c", "3", "-W", "3", to];
  return (await project.vxlab(ping, { timeout: 60 })).code === 0;
}
/** From each host of a to b, in the segment with EVPN and the other. */
const acrossOwners = async () => [
  await reaches("c1", "overlay-a", "10.0.3.11"),
  await reaches("c4", "overlay-a", "10.0.3.11"),
  await reaches("d1", "overlay-a", "10.0.20.11"),
];
const ALL = [true, true, true];
const green = async (...stacks: string[]) => {
  for (const stack of stacks)
    expect(good(await project.vxlab(["verify", "-s", stack], { timeout: 180 }))).toContain(" 0 failed");
};
/** VTEPs that a2 sends copies to: all that it knows of b it has heard from a1. */
const flooded = () =>
  ssh("a2", "overlay-a", "bridge fdb show dev ve100 | grep ^00:00:00:00:00:00 | cut -d ' ' -f 3");

/** On a machine as its owner, without a lab. */
async function owned(host: string, script: string): Promise<string> {
  const { address, files } = owners[host] ?? { address: "", files: [] };
  const words = [
    "ssh",
    "-o",
    "BatchMode=yes",
    "-o",
    "IdentitiesOnly=yes",
    ...files,
    `root@${address}`,
    script,
  ];
  return good(await project.run("ip", ["netns", "exec", project.namespace, ...words], { timeout: 60 }));
}
const owners: Record<string, { address: string; files: string[]; hostKey: string; keyFile: string }> = {};

async function learn(stack: string, host: string, address: string): Promise<void> {
  const words = ["stack", "output", "--json", "--show-secrets", "--stack", stack];
  const { login, vteps } = JSON.parse(good(await project.pulumi(words))) as {
    login: Record<string, string>;
    vteps: { hosts: Record<string, { hostKey: string }> };
  };
  const [keyFile, known] = [join(project.paths.dot, `key-${host}`), join(project.paths.dot, `known-${host}`)];
  const hostKey = vteps.hosts[host]?.hostKey ?? "";
  writeFileSync(keyFile, login[host] ?? "", { mode: 0o600 });
  writeFileSync(known, `${address} ${hostKey}\n`);
  owners[host] = { address, hostKey, keyFile, files: ["-i", keyFile, "-o", `UserKnownHostsFile=${known}`] };
}

beforeAll(async () => {
  project = await Project.create("owners");
  underlays("a");
  underlays("b");
  overlays();
  good(await up("underlay-a", "underlay-b"));
  await learn("underlay-a", "a1", A1);
  await learn("underlay-b", "b1", B1);
  for (const host of ["a1", "b1"]) {
    await within(240, host, () =>
      owned(host, "ovs-vsctl --timeout=10 show").then(
        () => true,
        () => false,
      ),
    );
    before[host] = await owned(host, LISTING);
  }
  good(await up(...STACKS));
});

afterAll(() => project?.destroy());

describe("EVPN between two owners", () => {
  it("works, beside a segment of another kind: every check is green", async () => {
    await within(60, "every ping", async () => (await acrossOwners()).every(Boolean));
    await green("overlay-a", "overlay-b");
  });

  it("is eBGP: without the other's router its hosts are forgotten, and known again with it", async () => {
    expect((await flooded()).split("\n")).toEqual(expect.arrayContaining([A1, B1]));
    const stop = "kill -STOP $(cat /run/frr/vxlab/bgpd.pid)";
    await ssh("b1", "overlay-b", stop);
    await within(40, "b1 forgotten", async () => !(await flooded()).includes(B1));
    expect((await acrossOwners()).slice(1)).toEqual([false, true]);
    await ssh("b1", "overlay-b", stop.replace("STOP", "CONT"));
    await within(60, "every ping", async () => (await acrossOwners()).every(Boolean));
    expect(await flooded()).toContain(B1);
  });

  it("bears a second connection beside the session; the control has FRR's own check of a neighbour's network", async () => {
    const second = () => ssh("a1", "overlay-a", `bash -c 'exec 3<>/dev/tcp/${B1}/179; sleep 1'`);
    const resolved = () => ssh("b1", "overlay-b", "vtysh -N vxlab -c 'show ip nht' | grep -A1 -F " + A1);
    await second();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(await resolved()).not.toContain("unresolved");
    expect(await acrossOwners()).toEqual(ALL);
    const told = (line: string) =>
      ssh(
        "b1",
        "overlay-b",
        `vtysh -N vxlab -c 'configure terminal' -c 'router bgp 65002' -c '${line} ${A1} disable-connected-check'`,
      );
    await told("no neighbor");
    await within(60, "a session", async () => !(await resolved()).includes("unresolved"));
    await second();
    await within(20, "out of reach", async () => (await resolved()).includes("unresolved"));
    await told("neighbor");
    await within(60, "every ping", async () => (await acrossOwners()).every(Boolean));
  });
});

describe("with encryption", () => {
  const keys: Record<string, string> = {};
  async function keysOf(version: number): Promise<void> {
    for (const [host, stack] of [
      ["a1", "overlay-a"],
      ["b1", "overlay-b"],
    ] as const) {
      const kept = await ssh(host, stack, "cat /var/lib/vxlab/secrets/encryption-*.json");
      keys[`key ${version} of ${host}`] = /"privateKey":"(\S{44})"/.exec(kept)?.[1] ?? "";
    }
  }
  let said = "";

  it("of one owner alone nothing is changed: the other is named", async () => {
    const plain = await onUnderlay(project, async () => expect(await acrossOwners()).toEqual(ALL));
    expect(portsOf(plain)).toEqual(expect.arrayContaining([4789, 4790]));
    underlays("a", { encryption: "wireguard" });
    good(await up("underlay-a"));
    const { code, stdout, stderr } = await project.vxlab(["preview", "-s", "overlay-a"], { timeout: 120 });
    expect([code, stdout + stderr]).toEqual([
      2,
      expect.stringContaining("a1 encrypts its tunnels, and underlay-b/b1 does not"),
    ]);
    expect(await acrossOwners()).toEqual(ALL);
  });

  it("of both the underlays carry WireGuard alone, BGP in it too", async () => {
    underlays("b", { encryption: "wireguard" });
    const first = await up(...STACKS);
    good(first);
    said += first.stdout + first.stderr;
    await within(60, "every ping", async () => (await acrossOwners()).every(Boolean));
    const seen = await onUnderlay(project, async () => expect(await acrossOwners()).toEqual(ALL));
    expect(portsOf(seen)).toEqual([WIREGUARD]);
    await green("overlay-a", "overlay-b");
    expect((await flooded()).split("\n")).toEqual(expect.arrayContaining(["10.255.10.11", "10.255.20.11"]));
  });

  it("keys of one owner are replaced: the other learns them by an up, and nothing leaves in clear before", async () => {
    await keysOf(1);
    underlays("a", { encryption: "wireguard", keyVersion: 2 });
    const rotated = await up("underlay-a", "overlay-a");
    good(rotated);
    said += rotated.stdout + rotated.stderr;
    const between = await onUnderlay(project, async () =>
      expect(await acrossOwners()).toEqual([false, false, false]),
    );
    expect(portsOf(between)).toEqual([WIREGUARD]);
    expect(await reaches("c1", "overlay-a", "10.0.3.13")).toBe(true);
    good(await up("overlay-b"));
    await within(60, "every ping", async () => (await acrossOwners()).every(Boolean));
    await keysOf(2);
    await green("overlay-a", "overlay-b");
  });

  it("public keys are in the contract, private ones in no output or state in clear", async () => {
    const texts: Record<string, string> = { said };
    for (const stack of STACKS) {
      texts[`output of ${stack}`] = good(
        await project.pulumi(["stack", "output", "--json", "--stack", stack]),
      );
      texts[`state of ${stack}`] = good(await project.pulumi(["stack", "export", "--stack", stack]));
      texts[`preview of ${stack}`] = good(
        await project.pulumi(["preview", "--json", "--diff", "--stack", stack]),
      );
    }
    const publicKey = await ssh("a1", "overlay-a", "wg show wg0 public-key");
    expect(texts["output of underlay-a"]).toContain(publicKey);
    expect(await ssh("b1", "overlay-b", "wg show wg0 peers")).toContain(publicKey);
    // b has the keys that it had.
    expect(new Set(Object.values(keys)).size).toBe(3);
    expect(Object.values(keys).every((key) => key.length === 44)).toBe(true);
    expect(leaksIn(texts, keys)).toEqual([]);
    const shown = ["stack", "output", "--json", "--show-secrets", "--stack", "underlay-a"];
    const control = { control: good(await project.pulumi(shown)) };
    expect(leaksIn(control, keys)).toEqual(["control: key 2 of a1"]);
  });
});

describe("existing hosts", () => {
  const existing = (host: string) => {
    const { address = "", hostKey = "", keyFile = "" } = owners[host] ?? {};
    return { address, existing: { hostKey, keyFile } };
  };
  function configure(more: object, boxes: object = {}): void {
    project.configure({
      underlay: { cidr: "192.168.0.0/16", mode: "routed", ...more },
      hosts: { s1: existing("a1"), s2: existing("b1") },
      segments: SEGMENTS,
      containers: {
        e1: box("s1", "red", "10.0.3.10/24"),
        e2: box("s2", "red", "10.0.3.11/24"),
        f1: box("s1", "blue", "10.0.20.10/24"),
        f2: box("s2", "blue", "10.0.20.11/24"),
        ...boxes,
      },
    });
  }
  const across = async () => [
    await reaches("e1", "lab", "10.0.3.11"),
    await reaches("f1", "lab", "10.0.20.11"),
  ];

  it("are as they were without the overlays", async () => {
    good(await project.vxlab(["down", "-s", "overlay-a"], { timeout: 300 }));
    good(await project.vxlab(["down", "-s", "overlay-b"], { timeout: 300 }));
    for (const host of ["a1", "b1"]) expect(await owned(host, LISTING)).toBe(before[host]);
  });

  it.each([
    ["plain", {}],
    ["encrypted", { encryption: "wireguard" }],
  ])("take part in EVPN, %s", async (word, more) => {
    configure(more);
    good(await project.vxlab(["up", "-s", "lab", "--no-verify"], { timeout: 600 }));
    await within(60, "every ping", async () => (await across()).every(Boolean));
    const seen = await onUnderlay(project, async () => expect(await across()).toEqual([true, true]));
    if (word === "plain") expect(portsOf(seen)).toEqual(expect.arrayContaining([4789, 4790]));
    else expect(portsOf(seen)).toEqual([WIREGUARD]);
    await green("lab");
  });

  it("have ports that lead to LXC and Docker, where their owner's firewall forwards them; verify names it where it does not", async () => {
    const firewall = `table inet mine {
      chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iifname { "lo", "wg0" } accept
        meta l4proto { icmp, ipv6-icmp } accept
        tcp dport 22 accept
        udp dport 51820 accept
      }
      chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
      }
    }`;
    await owned("a1", `nft '${firewall}'`);
    const serves = (text: string) => [
      ...["/bin/sh", "-c"],
      `mkdir -p /www; echo ${text} >/www/index.html; exec busybox httpd -f -p 80 -h /www`,
    ];
    const web = { kind: "docker", image: "vxlab/busybox", command: serves("docker"), ports: ["8080:80"] };
    configure(
      { encryption: "wireguard" },
      {
        e1: { ...box("s1", "red", "10.0.3.10/24"), command: serves("lxc"), ports: ["8081:80"] },
        web: { ...box("s1", "red", "10.0.3.14/24"), ...web },
      },
    );
    good(await project.vxlab(["up", "-s", "lab", "--no-verify"], { timeout: 600 }));
    const page = async (port: number, from: string) => {
      const get = `exec 3<>/dev/tcp/${A1}/${port} && printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3 && tail -n 1 <&3`;
      return (await owned(from, `timeout 5 bash -c '${get}' 2>/dev/null || :`)).trim();
    };
    const pages = async (from: string) => [await page(8080, from), await page(8081, from)];
    await within(
      60,
      "both pages, from the host itself",
      async () => (await pages("a1")).join() === "docker,lxc",
    );
    expect(await pages("b1")).toEqual(["", ""]);
    const { code, stdout } = await project.vxlab(["verify", "-s", "lab"], { timeout: 180 });
    const words =
      "what comes for its ports is dropped by a chain of somebody else: nft list chain inet mine forward";
    expect([code, stdout]).toEqual([1, expect.stringContaining(words)]);
    await owned("a1", "nft add rule inet mine forward ct status dnat accept");
    const theirs = await owned("a1", "nft list table inet mine");
    expect(await pages("b1")).toEqual(["docker", "lxc"]);
    expect(await across()).toEqual([true, true]);
    await green("lab");
    configure({ encryption: "wireguard" });
    good(await project.vxlab(["up", "-s", "lab", "--no-verify"], { timeout: 600 }));
    expect(await pages("b1")).toEqual(["", ""]);
    expect(await owned("a1", "nft list table inet mine")).toBe(theirs);
    await owned("a1", "nft delete table inet mine");
  });

  it("of two labs of one name: containers of one name reach each other with identities of their own, and not without", async () => {
    good(await project.vxlab(["down", "-s", "lab"], { timeout: 300 }));
    for (const host of ["a1", "b1"]) expect(await owned(host, LISTING)).toBe(before[host]);
    const labs = [
      { stack: "lab", host: "a1", far: B1, address: "10.0.3.10" },
      { stack: "lab-2", host: "b1", far: A1, address: "10.0.3.11" },
    ];
    const twins = async (identities: Record<string, string>): Promise<boolean[]> => {
      for (const { stack, host, far, address } of labs)
        project.configure(
          {
            ...(identities[stack] === undefined ? {} : { identity: identities[stack] }),
            underlay: { cidr: "192.168.0.0/16", mode: "routed" },
            hosts: { srv: existing(host) },
            segments: { red: { vni: 100, subnet: "10.0.3.0/24", remotes: [far] } },
            containers: { twin: box("srv", "red", `${address}/24`) },
          },
          stack,
        );
      good(await up(...labs.map(({ stack }) => stack)));
      return Promise.all([reaches("twin", "lab", "10.0.3.11"), reaches("twin", "lab-2", "10.0.3.10")]);
    };
    expect(await twins({}), "the control").toEqual([false, false]);
    expect(await twins({ lab: "me/one", "lab-2": "me/two" })).toEqual([true, true]);
    await green("lab", "lab-2");
    good(await project.vxlab(["down", "-s", "lab-2"], { timeout: 300 }));
  });

  it("are as they were in the end, and nothing is left here", async () => {
    good(await project.vxlab(["down", "-s", "lab"], { timeout: 300 }));
    for (const host of ["a1", "b1"]) expect(await owned(host, LISTING)).toBe(before[host]);
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [])).toEqual([]);
  });
});
