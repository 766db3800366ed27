/**
 * Segments across a machine of ours and two servers that were there before. The servers are machines of another stack. The owner of the
 * first has a bridge, a user and a firewall; the VTEP of the second is on lo. What is there before must be there in the end, and nothing
 * else.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countPings } from "../lib/capture";
import { change } from "../lib/changes";
import { deadServer } from "../lib/dead-server";
import { processOf } from "../lib/guests";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { hangUp, shared } from "../lib/shared-ssh";
import { upgraded } from "../lib/upgraded";
import { within } from "../lib/wait";
import { VERSIONS } from "../upgrade/versions";

const SERVER = "192.168.20.11";
const SECOND = "192.168.20.12";
/** The second server's, beside the address at which its SSH answers. */
const VTEP = "192.168.20.77";
/** A good key, of another host. */
const STRANGER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEDl5/XFGAX1Mrg15VRkw5K2qyxVsX3Z87bSWnbttmGL";
/** Of each kind of thing that a lab puts on a host one: flows, a kernel device, a gateway with its rules, a DHCP server. */
const segments = (hosts: readonly string[], red: object) => ({
  red: {
    ...{ vni: 100, subnet: "10.0.3.0/24", flooding: "flow" },
    ...{ gateway: { host: "srv" }, dhcp: { host: "srv" } },
    ...red,
  },
  blue: {
    vni: 200,
    vlan: 20,
    subnet: "10.0.4.0/24",
    flooding: "multicast",
    hosts,
    gateway: { host: hosts.at(-1) },
  },
});
/** The owner's, who lets in what docs/security.md says that a host of a lab needs. */
const FIREWALL = `table inet mine {
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iifname "lo" accept
    meta l4proto { icmp, ipv6-icmp } accept
    tcp dport 22 accept
    udp dport { 4789, 4790 } accept
    iifname "gw-*" udp dport 67 accept
  }
}`;

/** What a lab could leave behind: links, addresses, switches, settings of the kernel, files, daemons. */
const LISTING = `
ip -o link | sed 's/^[0-9]*: //; s/ qlen.*//; s/state [A-Z]* //' | sort
ip -o address show scope global | awk '{ print $2, $4 }' | sort
ovs-vsctl --timeout=30 show; ovs-vsctl --timeout=30 -f csv --columns=name,other_config,external_ids list bridge
for at in /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/igmp_max_memberships /proc/sys/net/ipv4/conf/*/forwarding; do
  echo "$at $(cat $at)"
done
nft -a list ruleset
ip rule; ip route; ip -6 rule
ls /run/lxc/lock 2>&1
find /run -xdev ! -name vxlab.lock ! -path '/run/sshd*' -print | sed 's/[.][0-9]*[.]ctl$/.PID.ctl/' | sort
find /etc /usr /root /home /opt /var/lib -xdev -print | sort
find /etc /root /home /var/lib -xdev -path /var/lib/dpkg -prune -o -type f ! -name conf.db -print | sort | xargs md5sum
ps -e -o comm | grep -v -E '^(kworker|sh$|ps$|sort$|grep$|sshd)' | sort | uniq -c
`;

let project: Project;
let key: string;
let hostKey: string;
let secondKey: string;
let before: string;
let secondBefore: string;

/** On a server, as its owner. */
async function server(script: string, address = SERVER): Promise<string> {
  const known = join(project.paths.dot, "test-known");
  writeFileSync(known, `${SERVER} ${hostKey}\n${SECOND} ${secondKey}\n`);
  const options = [
    "BatchMode=yes",
    "ConnectTimeout=5",
    "IdentitiesOnly=yes",
    `UserKnownHostsFile=${known}`,
    ...shared(project),
  ].flatMap((one) => ["-o", one]);
  const login = address === SECOND ? `${key}2` : key;
  const ssh = ["ssh", ...options, "-i", login, `root@${address}`, script];
  return good(await project.run("ip", ["netns", "exec", project.namespace, ...ssh], { timeout: 60 }));
}

/** The lab: one machine of ours and the servers, or the first server alone. */
function configure(spec: object, existing: object, whole = false, red = {}): void {
  const srv = { address: SERVER, ...spec, existing: { hostKey, keyFile: key, ...existing } };
  const other = { hostKey: secondKey, keyFile: `${key}2`, sshAddress: SECOND };
  project.configure({
    underlay: { cidr: "192.168.10.0/24", mode: "routed" },
    hosts: {
      srv,
      ...(whole ? { k1: { address: "192.168.10.11" }, srv2: { address: VTEP, existing: other } } : {}),
    },
    segments: segments(whole ? ["srv", "srv2"] : ["srv"], red),
    containers: {
      c2: { host: "srv", segment: "red", address: "10.0.3.11/24" },
      ...(whole
        ? {
            c1: { host: "k1", segment: "red", address: "dhcp" },
            c3: { host: "srv2", segment: "red", address: "10.0.3.13/24" },
            b2: { host: "srv", segment: "blue", address: "10.0.4.11/24" },
            b3: { host: "srv2", segment: "blue", address: "10.0.4.13/24" },
          }
        : {}),
    },
    // For a refusal the shortest there is; a machine has to boot, beside others' machines.
    bootTimeout: whole ? 300 : 30,
  });
}

beforeAll(async () => {
  project = await Project.create("existing");
  project.configure(
    {
      role: "underlay",
      underlay: { cidr: "192.168.20.0/24", mode: "routed" },
      hosts: { srv: { address: SERVER }, srv2: { address: SECOND } },
    },
    "office",
  );
  good(await project.vxlab(["up", "-s", "office", "--no-verify"], { timeout: 600 }));
  const words = ["stack", "output", "--json", "--show-secrets", "--stack", "office"];
  const { login, vteps } = JSON.parse(good(await project.pulumi(words))) as {
    login: { srv: string; srv2: string };
    vteps: { hosts: { srv: { hostKey: string }; srv2: { hostKey: string } } };
  };
  hostKey = vteps.hosts.srv.hostKey;
  secondKey = vteps.hosts.srv2.hostKey;
  key = join(project.paths.dot, "test-key");
  writeFileSync(key, login.srv, { mode: 0o600 });
  writeFileSync(`${key}2`, login.srv2, { mode: 0o600 });
  // An underlay stack does not wait for its machines.
  for (const address of [SERVER, SECOND]) await within(180, `the server ${address}`, () => answers(address));
  await server(
    "ovs-vsctl --timeout=60 --retry add-br br0 -- set bridge br0 external_ids:owner=me other_config:hwaddr=02:00:00:00:00:99 " +
      `&& ip address add 10.99.0.1/24 dev br0 && ip link set br0 up && nft '${FIREWALL}' ` +
      "&& echo ops:x:1000:1000::/home/ops:/bin/sh >>/etc/passwd && echo 'ops:*:19000::::::' >>/etc/shadow " +
      "&& mkdir -p /home/ops/.ssh " +
      "&& cp /root/.ssh/authorized_keys /home/ops/.ssh/ && chown -R 1000:1000 /home/ops",
  );
  await server(`ovs-vsctl --timeout=60 --retry show >/dev/null && ip address add ${VTEP}/32 dev lo`, SECOND);
  before = await server(LISTING);
  secondBefore = await server(LISTING, SECOND);
});

afterAll(() => project?.destroy());

const answers = (address: string) =>
  server("true", address).then(
    () => true,
    () => false,
  );

describe("a server that cannot be used", () => {
  // First: what has passed the check is not asked again.
  it("for want of Open vSwitch, and of a gateway's nftables, is refused, with the script that cures it", async () => {
    configure({}, {});
    await server("mkdir /root/away && mv /usr/bin/ovs-vsctl /usr/sbin/nft /root/away/");
    const { code, stderr } = await project.vxlab(["up", "--no-verify"], { timeout: 300 });
    await server("cd /root/away && mv ovs-vsctl /usr/bin/ && mv nft /usr/sbin/ && rmdir /root/away");
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("this host lacks openvswitch-switch, nftables."),
    ]);
    expect(stderr).toContain("sh -s nftables <prepare.sh");
  });

  it("for an interface with a smaller MTU than the lab's is refused, with what fits", async () => {
    configure({}, {});
    await server("ip link set eth0 mtu 1400");
    const { code, stdout, stderr } = await project.vxlab(["up", "--no-verify"], { timeout: 300 });
    await server("ip link set eth0 mtu 1500");
    const said = /eth0, .*has an MTU of 1400 bytes, and the lab sends packets of 1500.*underlay\.mtu: 1400/s;
    expect([code, stdout + stderr]).toEqual([1, expect.stringMatching(said)]);
  });

  it.each([
    ["another host key", {}, { hostKey: STRANGER }, /host key mismatch/],
    ["no root", {}, { user: "ops" }, /ops is not root on this host/],
    [
      "a VTEP that is not there",
      { address: "192.168.20.99" },
      { sshAddress: SERVER },
      /no interface of this host has 192\.168\.20\.99, .*192\.168\.20\.11\/24 on eth0/s,
    ],
    ["a bridge of that name", { bridge: "br0" }, {}, /br0 is somebody else's bridge, so it was not changed/],
  ])("for %s is refused", async (_, spec, existing, said) => {
    configure(spec, existing);
    const { code, stdout, stderr } = await project.vxlab(["up", "--no-verify"], { timeout: 300 });
    expect([code, stdout + stderr]).toEqual([1, expect.stringMatching(said)]);
  });

  it("is as it was after all of that", async () => expect(await server(LISTING)).toBe(before));
});

describe("servers with what an earlier version left on them", () => {
  const login = (host: string, keyFile: string) => ({
    ...{ hostKey: host, keyFile, privateKey: readFileSync(keyFile, "utf8") },
  });
  const logins = () => ({ a: login(hostKey, key), b: login(secondKey, `${key}2`) });
  // Every version: test/long/upgrade.test.ts.
  const [oldest = ""] = Object.keys(VERSIONS);
  upgraded(oldest, { project: () => project, logins });

  it("are as they were after all of that", async () => {
    expect(await server(LISTING)).toBe(before);
    expect(await server(LISTING, SECOND)).toBe(secondBefore);
  });
});

describe("segments across a machine and servers", () => {
  it("works: every check of verify is green", async () => {
    configure({}, {}, true);
    expect(good(await project.vxlab(["up"], { timeout: 600 }))).toContain(" 0 failed");
  });

  it("stays as it is in a second up", async () => {
    const { steps } = await change(project, ["up"]);
    expect(steps).toEqual([]);
  });

  describe("with a second lab on the same server", () => {
    /** What of the first lab must stay as it is, whatever the second does. Tables are listed in the order in which they were loaded last. */
    const FIRST = `
      ls /var/lib/vxlab/desired; ovs-vsctl --timeout=30 -f csv --columns=name,ofport,external_ids list interface | sort
      lxc-info -P /var/lib/vxlab/containers -n c2 -pH; cat /var/lib/vxlab/services/*/dnsmasq.pid; ls /var/lib/vxlab/tuned
      nft list tables | sort; md5sum /usr/lib/vxlab/guest; cat /proc/sys/net/ipv4/conf/eth0/forwarding`;
    let alone: string;

    function second(container: string): void {
      const existing = { hostKey, keyFile: key };
      project.configure(
        {
          underlay: { cidr: "192.168.10.0/24", mode: "routed" },
          hosts: { srv: { address: SERVER, bridge: "vxbr2", existing } },
          segments: {
            blue2: { vni: 300, subnet: "10.0.9.0/24", gateway: { host: "srv" }, dhcp: { host: "srv" } },
          },
          containers: { [container]: { host: "srv", address: "10.0.9.11/24" } },
        },
        "second",
      );
    }

    beforeAll(async () => {
      alone = await server(FIRST);
      const link = await project.vxlab([
        "exec",
        "c1",
        "-s",
        "lab",
        "--",
        "ip",
        "-4",
        "-o",
        "address",
        "show",
        "eth0",
      ]);
      const [, c1] = / inet ([0-9.]+)\//.exec(good(link)) ?? [];
      const c2 = "$(lxc-info -P /var/lib/vxlab/containers -n c2 -pH)";
      await server(
        `nsenter -n -t ${c2} ping -n -i 0.2 -w 900 ${c1} >/run/pings 2>&1 </dev/null & echo $! >/run/pings.pid`,
      );
    });

    it("refuses the second a container's name that the first has, with the cure", async () => {
      second("c2");
      const { code, stdout, stderr } = await project.vxlab(["up", "-s", "second"], { timeout: 300 });
      expect([code, stdout + stderr]).toEqual([
        1,
        expect.stringMatching(/c2.* is in use .*rename the container/s),
      ]);
    });

    it("works for the second under another name", async () => {
      second("d2");
      expect(good(await project.vxlab(["up", "-s", "second"], { timeout: 300 }))).toContain(" 0 failed");
    });

    it("loses the first none of its pings, and nothing of what it has, when the second goes", async () => {
      expect(await server(FIRST)).not.toBe(alone);
      good(await project.vxlab(["down", "-s", "second"], { timeout: 300 }));
      const pings = await server(
        "kill -INT $(cat /run/pings.pid); sleep 2; cat /run/pings; rm /run/pings /run/pings.pid",
      );
      const { lost, sent } = countPings(pings);
      expect(lost).toEqual([]);
      expect(sent).toBeGreaterThan(50);
      expect(await server(FIRST)).toBe(alone);
    });
  });

  describe("with a VTEP that is not on the underlay's interface", () => {
    /** What has to be about eth0: the translation, the group's device. Then by what the guard takes the packets of each port in. */
    const devices = async () => {
      const look =
        "nft list ruleset | sed -n 's/.*oifname \"\\(.*\\)\" .* masquerade/\\1/p'; cut -d' ' -f 5 /sys/class/net/vm200/ifalias; " +
        "sed -n 's/^ *\\(.*\\)@th.* accept$/guard \\1/p' /var/lib/vxlab/guard.nft";
      return (await server(look, SECOND))
        .trim()
        .split("\n")
        .map((line) => line.trim());
    };
    const anywhere = ["eth0", "eth0", "guard", "guard"];
    /** From the second server to the first, in a segment. */
    const pings = (from: string, to: string) =>
      server(`nsenter -n -t ${processOf(from)} ping -n -c 3 -i 0.3 -W 3 ${to}`, SECOND);

    it("on lo: gateway and group are on the interface that leads to the others", async () => {
      expect(await devices()).toEqual(anywhere);
    });

    it("on a dummy device, and everything applied again: the same", async () => {
      const move = `ip link add vtep0 type dummy && ip link set vtep0 up && ip address del ${VTEP}/32 dev lo`;
      await server(`${move} && ip address add ${VTEP}/32 dev vtep0 && /usr/lib/vxlab/guest boot`, SECOND);
      expect(await devices()).toEqual(anywhere);
      expect(await pings("c3", "10.0.3.11")).toContain(" 3 received");
      expect(await pings("b3", "10.0.4.11")).toContain(" 3 received");
    });
  });

  deadServer({
    project: () => project,
    server,
    configure: (red) => configure({}, {}, true, red),
  });

  it("go, and the servers are what they were", async () => {
    expect(await server(LISTING)).not.toBe(before);
    good(await project.vxlab(["down", "-s", "lab"], { timeout: 300 }));
    expect(await server(LISTING)).toBe(before);
    // The module of dummy devices makes one of its own.
    const made = secondBefore.includes("dummy0") ? "vtep0" : "vtep0 dummy0";
    await server(
      `for device in ${made}; do ip link del $device 2>/dev/null; done; ip address add ${VTEP}/32 dev lo`,
      SECOND,
    );
    expect(await server(LISTING, SECOND)).toBe(secondBefore);
  });

  it("leaves nothing when the server's stack is gone too", async () => {
    await hangUp(project, SERVER, SECOND);
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [])).toEqual([]);
  });
});
