/**
 * A segment across a machine of ours and a server that was there before. The server is a machine of another stack, which
 * its owner has given a bridge and a user of his own; what is there before must be there in the end, and nothing else.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countPings } from "../lib/capture";
import { change } from "../lib/changes";
import { good, Project } from "../lib/project";
import { remains } from "../lib/remains";
import { within } from "../lib/wait";

const SERVER = "192.168.20.11";
/** A good key, of another host. */
const STRANGER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEDl5/XFGAX1Mrg15VRkw5K2qyxVsX3Z87bSWnbttmGL";
/** Of each kind of thing that a lab puts on a host one: flows, a kernel device, a gateway with its rules, a DHCP server. */
const SEGMENTS = {
  red: {
    ...{ vni: 100, subnet: "10.0.3.0/24", flooding: "flow" },
    ...{ gateway: { host: "srv" }, dhcp: { host: "srv" } },
  },
  blue: { vni: 200, vlan: 20, subnet: "10.0.4.0/24", flooding: "multicast", hosts: ["srv"] },
};

/** What a lab could leave behind: links, addresses, switches, settings of the kernel, files, daemons. */
const LISTING = `
ip -o link | sed 's/^[0-9]*: //; s/ qlen.*//; s/state [A-Z]* //' | sort
ip -o address show scope global | awk '{ print $2, $4 }' | sort
ovs-vsctl --timeout=30 show; ovs-vsctl --timeout=30 -f csv --columns=name,other_config,external_ids list bridge
for at in /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/igmp_max_memberships /proc/sys/net/ipv4/conf/*/forwarding; do
  echo "$at $(cat $at)"
done
nft list ruleset
ip rule; ip route; ip -6 rule
ls /run/lxc/lock 2>&1
find /run -xdev ! -name vxlab.lock ! -path '/run/sshd*' -print | sort
find /etc /usr /root /home /opt /var/lib -xdev -print | sort
find /etc /root /home /var/lib -xdev -path /var/lib/dpkg -prune -o -type f ! -name conf.db -print | sort | xargs md5sum
ps -e -o comm | grep -v -E '^(kworker|sh$|ps$|sort$|grep$|sshd)' | sort | uniq -c
`;

let project: Project;
let key: string;
let hostKey: string;
let before: string;

/** On the server, as its owner. */
async function server(script: string): Promise<string> {
  const known = join(project.paths.dot, "test-known");
  writeFileSync(known, `${SERVER} ${hostKey}\n`);
  const options = [
    "BatchMode=yes",
    "ConnectTimeout=5",
    "IdentitiesOnly=yes",
    `UserKnownHostsFile=${known}`,
  ].flatMap((one) => ["-o", one]);
  const ssh = ["ssh", ...options, "-i", key, `root@${SERVER}`, script];
  return good(await project.run("ip", ["netns", "exec", project.namespace, ...ssh], { timeout: 60 }));
}

/** The lab: one machine of ours and the server, or the server alone. */
function configure(spec: object, existing: object, machine = false): void {
  const srv = { address: SERVER, ...spec, existing: { hostKey, keyFile: key, ...existing } };
  project.configure({
    underlay: { cidr: "192.168.10.0/24", mode: "routed" },
    hosts: { srv, ...(machine ? { k1: { address: "192.168.10.11" } } : {}) },
    segments: SEGMENTS,
    containers: {
      c2: { host: "srv", segment: "red", address: "10.0.3.11/24" },
      ...(machine ? { c1: { host: "k1", segment: "red", address: "dhcp" } } : {}),
    },
    // For a refusal the shortest there is; a machine has to boot, beside others' machines.
    bootTimeout: machine ? 300 : 30,
  });
}

beforeAll(async () => {
  project = await Project.create("existing");
  project.configure(
    {
      role: "underlay",
      underlay: { cidr: "192.168.20.0/24", mode: "routed" },
      hosts: { srv: { address: SERVER } },
    },
    "office",
  );
  good(await project.vxlab(["up", "-s", "office", "--no-verify"], { timeout: 600 }));
  const words = ["stack", "output", "--json", "--show-secrets", "--stack", "office"];
  const { login, vteps } = JSON.parse(good(await project.pulumi(words))) as {
    login: { srv: string };
    vteps: { hosts: { srv: { hostKey: string } } };
  };
  hostKey = vteps.hosts.srv.hostKey;
  key = join(project.paths.dot, "test-key");
  writeFileSync(key, login.srv, { mode: 0o600 });
  // An underlay stack does not wait for its machines.
  await within(180, "the server", () =>
    server("true").then(
      () => true,
      () => false,
    ),
  );
  await server(
    "ovs-vsctl --timeout=60 --retry add-br br0 -- set bridge br0 external_ids:owner=me other_config:hwaddr=02:00:00:00:00:99 " +
      "&& ip address add 10.99.0.1/24 dev br0 && ip link set br0 up " +
      "&& nft add table inet mine && nft 'add chain inet mine input { type filter hook input priority 0; }' " +
      "&& nft add rule inet mine input iifname eth0 tcp dport 4789 counter drop " +
      "&& echo ops:x:1000:1000::/home/ops:/bin/sh >>/etc/passwd && echo 'ops:*:19000::::::' >>/etc/shadow " +
      "&& mkdir -p /home/ops/.ssh " +
      "&& cp /root/.ssh/authorized_keys /home/ops/.ssh/ && chown -R 1000:1000 /home/ops",
  );
  before = await server(LISTING);
});

afterAll(() => project?.destroy());

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
    ["a bridge of that name", { bridge: "br0" }, {}, /br0 is somebody else's bridge\. It is left as it is/],
  ])("for %s is refused", async (_, spec, existing, said) => {
    configure(spec, existing);
    const { code, stdout, stderr } = await project.vxlab(["up", "--no-verify"], { timeout: 300 });
    expect([code, stdout + stderr]).toEqual([1, expect.stringMatching(said)]);
  });

  it("is as it was after all of that", async () => expect(await server(LISTING)).toBe(before));
});

describe("a segment across a machine and a server", () => {
  it("works: every check of verify is green", async () => {
    configure({}, {}, true);
    expect(good(await project.vxlab(["up"], { timeout: 600 }))).toContain(" 0 failed");
  });

  it("stays as it is in a second up", async () => {
    const { steps } = await change(project, ["up"]);
    expect(steps).toEqual([]);
  });

  describe("with a second lab on the same server", () => {
    /** What of the first lab must stay as it is, whatever the second does. */
    const FIRST = `
      ls /var/lib/vxlab/desired; ovs-vsctl --timeout=30 -f csv --columns=name,ofport,external_ids list interface | sort
      lxc-info -P /var/lib/vxlab/containers -n c2 -pH; cat /var/lib/vxlab/services/*/dnsmasq.pid; ls /var/lib/vxlab/tuned
      nft list tables; md5sum /usr/lib/vxlab/guest; cat /proc/sys/net/ipv4/conf/eth0/forwarding`;
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
      expect(good(await project.vxlab(["verify", "-s", "lab"], { timeout: 120 }))).toContain(" 0 failed");
    });
  });

  it("goes, and the server is what it was", async () => {
    expect(await server(LISTING)).not.toBe(before);
    good(await project.vxlab(["down", "-s", "lab"], { timeout: 300 }));
    expect(await server(LISTING)).toBe(before);
  });

  it("leaves nothing when the server's stack is gone too", async () => {
    good(await project.vxlab(["down"], { timeout: 300 }));
    expect(remains(project, [])).toEqual([]);
  });
});
