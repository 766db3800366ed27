/**
 * Three FRR routers in LXC containers speak OSPF over two segments. A client is behind the first, another behind the third: when a
 * link of the first router fails, traffic takes the other segment.
 */
import { ContainerSpec, FileSpec, InterfaceSpec, SegmentSpec, VxlanLab } from "vxlab";

/** What carries OSPF, with its cost: the cheaper one is used while it works. */
const TRANSIT = { left: 10, right: 20 };
/** Routers by name, with their host, and with what is behind them. */
const ROUTERS: Record<string, { host: string; client?: string }> = {
  r1: { host: "kvm1", client: "c1" },
  r2: { host: "kvm2" },
  r3: { host: "kvm2", client: "c3" },
};

const segments: Record<string, SegmentSpec> = {};
const containers: Record<string, ContainerSpec> = {};

Object.keys(TRANSIT).forEach((name, index) => {
  segments[name] = { vni: 100 + index, vlan: 100 + index, subnet: `10.10.${index + 1}.0/24` };
});

Object.entries(ROUTERS).forEach(([name, { host, client }], index) => {
  const number = index + 1;
  const interfaces: InterfaceSpec[] = Object.keys(TRANSIT).map((segment, i) => ({
    segment,
    address: `10.10.${i + 1}.${number}/24`,
    // OSPF finds the networks that are routed: vxlab does not know them, so port security has to be told.
    forwards: ["10.20.0.0/16"],
  }));
  if (client !== undefined) {
    const lan = `lan${number}`;
    segments[lan] = { vni: 200 + number, vlan: 200 + number, subnet: `10.20.${number}.0/24` };
    interfaces.push({
      segment: lan,
      address: `10.20.${number}.1/24`,
      forwards: ["10.20.0.0/16", "10.10.0.0/16"],
    });
    containers[client] = { host, segment: lan, address: `10.20.${number}.10/24`, gateway: name };
  }
  containers[name] = {
    host,
    rootfs: "./frr.tar.gz",
    command: ["/bin/sh", "/start"],
    interfaces,
    sysctls: { "net.ipv4.ip_forward": "1" },
    files: { "/etc/frr/ospfd.conf": ospf(name, number), "/start": start() },
  };
});

function ospf(name: string, number: number): FileSpec {
  const transit = Object.values(TRANSIT).flatMap((cost, index) => [
    `interface eth${index}`,
    " ip ospf hello-interval 1",
    " ip ospf dead-interval 4",
    ` ip ospf cost ${cost}`,
  ]);
  const lines = [
    `hostname ${name}`,
    ...transit,
    "router ospf",
    ` ospf router-id 10.255.0.${number}`,
    " network 10.0.0.0/8 area 0",
    " passive-interface eth2",
  ];
  return { content: `${lines.join("\n")}\n`, mode: "0640", owner: "frr:frr" };
}

/** zebra sets the routes, ospfd finds them; the container runs as long as ospfd does. */
function start(): FileSpec {
  const lines = [
    "mkdir -p /run/frr /var/run/frr && chown frr:frr /run/frr /var/run/frr",
    "/usr/lib/frr/zebra -d -u frr -g frr -A 127.0.0.1",
    "exec /usr/lib/frr/ospfd -u frr -g frr -A 127.0.0.1 -f /etc/frr/ospfd.conf",
  ];
  return { content: `${lines.join("\n")}\n` };
}

export const { lab } = new VxlanLab("lab", {
  topology: {
    hosts: { kvm1: { address: "192.168.10.11" }, kvm2: { address: "192.168.10.12" } },
    segments,
    containers,
  },
});
