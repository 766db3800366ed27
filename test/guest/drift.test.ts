/** guest/drift.sh: what is said of flows, NAT and DHCP that are not as the desired state has them. */
import { beforeEach, describe, expect, it } from "vitest";
import { Flooding } from "../../plan/types";
import { FakeHost } from "./fake-host";

const BRIDGE = {
  id: "lab-kvm1-vxbr",
  lab: "00c0ffee",
  bridge: "vxbr",
  mac: "0a:00:00:00:00:01",
  mtu: 1450,
};
const FLOW = {
  ...{
    id: "lab-kvm1-blue",
    lab: "00c0ffee",
    bridge: "vxbr",
    vni: 200,
    udpPort: 4789,
    local: "192.168.10.156",
  },
  ...{ vlan: 20, flooding: Flooding.Flow, remotes: ["192.168.10.222"] },
};
const SERVICE = {
  ...{
    id: "lab-kvm1-blue-service",
    lab: "00c0ffee",
    bridge: "vxbr",
    device: "gw-blue",
    local: "192.168.10.156",
  },
  ...{
    mac: "02:00:00:00:00:01",
    mtu: 1450,
    vlan: 20,
    addresses: ["fd00::1/64", "10.0.20.1/24"],
    nat: true,
  },
};
const TABLE = "vxlab_00c0ffee_dlab_dkvm1_dblue_dservice";
/** nft -s list ruleset, of Docker and of firewalld on Debian 12, cut. */
const DOCKER = `table ip filter {
	chain DOCKER-USER {
		return
	}
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
		jump DOCKER-USER
		oifname "docker0" ct state established,related accept
	}
}
`;
const FIREWALLD = `table inet firewalld {
	chain filter_FORWARD {
		type filter hook forward priority filter + 10; policy accept;
		ct state { established, related } accept
		reject with icmpx admin-prohibited
	}
	chain filter_INPUT {
		type filter hook input priority filter + 10; policy drop;
	}
}
`;
const OURS = `table inet ${TABLE} {
	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname "eth0" ct state new drop
	}
}
`;

let host: FakeHost;

/** Each line as it is printed: kind, step, and what is found. */
function drift(): string[] {
  const { code, stdout, stderr } = host.guest(["drift"]);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { of: string; lab?: string; step?: string; found: string })
    .map((line) => (line.lab === "00c0ffee" ? line : { ...line, step: "?" }))
    .map(({ of, step = "-", found }) => `${of} ${step}: ${found}`);
}

function forwards(device: string, value: string): void {
  host.shows(`sys/net/ipv4/conf/${device}/forwarding`, `${value}\n`);
}

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  beforeEach(() => {
    host = new FakeHost(shell);
    host.shows("addresses", "2: eth0    inet 192.168.10.156/24 scope global eth0\n");
    host.shows("fail-mode", "");
    host.shows("listing", OURS);
    host.shows("table", "");
    for (const device of ["eth0", "gw-blue"]) forwards(device, "1");
  });

  it("nothing is said of a host without fault, or without a lab; nothing is changed and no lock is taken", () => {
    expect(drift()).toEqual([]);
    host.keeps("bridge", BRIDGE);
    host.keeps("port", FLOW);
    host.keeps("service", SERVICE);
    host.shows(`state/nft/${TABLE}`, OURS);
    host.calls();
    expect(drift()).toEqual([]);
    const words = /^(add.*|del.*|set|replace.*|-f)$/;
    expect(
      host.everything().filter((call) => call.some((word) => word !== "address" && words.test(word))),
    ).toEqual([]);
    expect(() => host.read("lock")).toThrow();
  });

  describe("flows", () => {
    beforeEach(() => {
      host.keeps("bridge", BRIDGE);
      host.keeps("port", FLOW);
    });

    it("are compared with what the desired state renders", () => {
      drift();
      expect(host.said()).toBe(
        "priority=200,in_port=2,tun_src=192.168.10.222 actions=output:1\n" +
          "priority=100,in_port=2 actions=drop\n" +
          "priority=0,in_port=1 actions=set_field:192.168.10.222->tun_dst,output:2\n",
      );
    });

    it("that nobody planned, and that are missing, are named", () => {
      const warning = "2026-11-22T17:01:40Z|00001|timeval|WARN|Unreasonably long 1051ms poll interval\n";
      host.shows(
        "diff",
        `${warning}-priority=300,in_port=2 actions=output:1\n+priority=100,in_port=2 actions=drop\n`,
      );
      host.shows("diff-code", "2");
      expect(drift()).toEqual([
        "flows lab-kvm1-blue: bf200: flow is not in the plan: priority=300,in_port=2 actions=output:1",
        "flows lab-kvm1-blue: bf200: flow is missing: priority=100,in_port=2 actions=drop",
      ]);
    });

    it("in great number are counted", () => {
      host.shows("diff", Array.from({ length: 50 }, (_, i) => `+priority=${i} actions=drop\n`).join(""));
      host.shows("diff-code", "2");
      const lines = drift();
      expect(lines).toHaveLength(4);
      expect(lines.at(-1)).toBe("flows lab-kvm1-blue: bf200: 47 more flows are missing");
    });

    it("that cannot be looked at are a fault", () => {
      host.shows("diff", "ovs-ofctl: bf200 is not a bridge or a socket\n");
      host.shows("diff-code", "1");
      expect(drift()).toEqual([
        "flows lab-kvm1-blue: bf200: its flows cannot be looked at: ovs-ofctl: bf200 is not a bridge or a socket",
      ]);
    });
  });

  it("the bridge's step takes away flows that nobody planned there, and leaves those with a cookie", () => {
    for (const name of ["address", "mtu"]) host.shows(`net/vxbr/${name}`, "0\n");
    host.shows("owner", "vxbr\nvxlab=00c0ffee\n");
    const apply = () => {
      const { code, stderr } = host.guest(["apply", "bridge"], BRIDGE);
      expect([code, stderr]).toEqual([0, ""]);
      return host.everything().filter(([name]) => name === "ovs-ofctl");
    };
    const again = ["ovs-ofctl", "add-flows", "vxbr", "-"];
    expect(apply(), "a bridge that was not there").toEqual([again]);
    expect(apply()).toEqual([again, ["ovs-ofctl", "del-flows", "vxbr", "table=0,cookie=0/-1"]]);
  });

  describe("NAT", () => {
    beforeEach(() => host.keeps("service", SERVICE));
    const nat = (text: string) => [`nat ${SERVICE.id}: gw-blue: ${text}`];

    it("is missing", () => {
      host.forgets("table");
      expect(drift()).toEqual(nat(`the nft table inet ${TABLE} is missing: nothing is translated`));
    });

    it("is another than was loaded", () => {
      host.shows(`state/nft/${TABLE}`, OURS.replace("new drop", "new accept"));
      expect(drift()).toEqual(nat(`the nft table inet ${TABLE} is not as it was loaded`));
    });

    it.each(["eth0", "gw-blue"])("has no forwarding on %s", (device) => {
      forwards(device, "0");
      expect(drift()).toEqual(nat(`net.ipv4.conf.${device}.forwarding is not 1`));
    });

    it.each([
      ["Docker's policy", DOCKER, ["ip filter FORWARD"]],
      ["firewalld's last rule", FIREWALLD, ["inet firewalld filter_FORWARD"]],
      ["both", DOCKER + FIREWALLD, ["ip filter FORWARD", "inet firewalld filter_FORWARD"]],
      [
        "Docker that lets the device through",
        DOCKER.replace("\t\treturn", '\t\tiifname "gw-blue" counter accept'),
        [],
      ],
      [
        "Docker that lets the subnet through",
        DOCKER.replace("\t\treturn", "\t\tip saddr 10.0.20.0/24 accept"),
        [],
      ],
      [
        "Docker that lets another subnet through",
        DOCKER.replace("\t\treturn", "\t\tip saddr 10.0.2.0/24 accept"),
        ["ip filter FORWARD"],
      ],
      ["rules that drop a part", FIREWALLD.replace("\t\treject", '\t\tiifname "eth9" drop'), []],
    ])("is dropped by somebody else: %s", (_, ruleset, chains) => {
      host.shows("listing", OURS + ruleset);
      const text = (chain: string) =>
        `what it forwards is dropped by a chain of somebody else: nft list chain ${chain}`;
      expect(drift()).toEqual(chains.flatMap((chain) => nat(text(chain))));
    });

    it("that is loaded by the step says who drops what it forwards, and keeps its listing for the next time", () => {
      host.shows("listing", DOCKER);
      for (const file of ["sys/net/ipv4/conf/vxbr/arp_ignore", "net/gw-blue/address", "net/gw-blue/mtu"])
        host.shows(file, "0\n");
      const { code, stderr } = host.guest(["apply", "service"], SERVICE);
      expect(code).toBe(0);
      expect(stderr).toContain(
        "packets that gw-blue forwards are dropped by other rules of this host: nft chain ip filter FORWARD",
      );
      expect(host.read(`state/nft/${TABLE}`)).toBe(DOCKER);
      host.has([], []);
      expect(host.guest(["remove", "service"], SERVICE).code).toBe(0);
      expect(() => host.read(`state/nft/${TABLE}`)).toThrow();
    });
  });

  it("no dnsmasq, and no loop that starts it again", () => {
    host.keeps("service", { ...SERVICE, nat: false, dhcp: { first: "10.0.20.192", last: "10.0.20.254" } });
    expect(drift()).toEqual([
      `dhcp ${SERVICE.id}: gw-blue: dnsmasq does not run: containers get no addresses`,
      `dhcp ${SERVICE.id}: gw-blue: the loop that restarts dnsmasq does not run`,
    ]);
  });

  it("takes in what other tools find, by their functions, and says it when one of them fails", () => {
    const more = `
      guard_drift() { echo 'table inet vxlab_guard is missing: "all" open'; }
      security_drift() { echo 'port v-c1 has no flows'; return 1; }
      drift`;
    const { stdout } = host.shell(more);
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as object),
    ).toEqual([
      { of: "guard", found: 'table inet vxlab_guard is missing: "all" open' },
      { of: "security", found: "port v-c1 has no flows" },
      { of: "security", found: "the host's security cannot be looked at" },
    ]);
  });
});
