/** A lab in which faults are made by hand, and what drift, preview and up say of them. */
import { afterAll, beforeAll, expect } from "vitest";
import { Guests } from "./guests";
import { good, Project } from "./project";

const SETTINGS = {
  hosts: {
    kvm1: { address: "192.168.10.156", bridgeAddress: "10.1.2.10/24" },
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
    c3: { host: "kvm1", segment: "red", address: "10.0.3.12/24" },
    c4: { host: "kvm1", segment: "red", address: "10.0.3.13/24" },
    c2: { host: "kvm2", segment: "red", address: "10.0.3.11/24" },
    c5: { host: "kvm2", segment: "red", address: "10.0.3.14/24" },
    c6: { host: "kvm2", segment: "red", address: "10.0.3.15/24" },
    b2: { host: "kvm2", segment: "blue" },
  },
};

const STATE = "/var/lib/vxlab";
export const TUNNEL1 = "vx100-c0a80ade";
const TUNNEL2 = "vx100-c0a80a9c";
const inside = (box: string, command: string) =>
  `nsenter -t $(head -n 1 /sys/fs/cgroup/lxc.payload.${box}/cgroup.procs) -n ${command}`;

/** A fault: what it is called, how it is made on its host, and a part of what `drift` says of it. */
type Fault = readonly [name: string, make: string, said: string];

export const TUNNELS: readonly Fault[] = [
  [
    "a tunnel's remote",
    `ovs-vsctl set interface ${TUNNEL1} options:remote_ip=192.168.10.77`,
    `segment red: tunnel ${TUNNEL1}: remote 192.168.10.77 instead of 192.168.10.222`,
  ],
  ["its key", `ovs-vsctl set interface ${TUNNEL1} options:key=101`, "VNI (key) 101 instead of 100"],
  [
    "its local_ip",
    `ovs-vsctl set interface ${TUNNEL1} options:local_ip=192.168.10.99`,
    "local_ip 192.168.10.99 instead of 192.168.10.156",
  ],
  [
    "its dst_port",
    `ovs-vsctl set interface ${TUNNEL1} options:dst_port=4790`,
    "UDP port (dst_port) 4790 instead of 4789",
  ],
  [
    "an option of it that no plan has",
    `ovs-vsctl set interface ${TUNNEL1} options:tos=8`,
    "option tos=8 is not in the plan",
  ],
  ["its tag", `ovs-vsctl set port ${TUNNEL1} tag=7`, "VLAN (tag) 7 instead of 0"],
  ["its protected", `ovs-vsctl set port ${TUNNEL1} protected=false`, "protected false instead of true"],
  [
    "another port with the step's label",
    `ovs-vsctl add-port vxbr vx9 -- set interface vx9 type=internal external_ids:vxlab-port=$(ovs-vsctl get port ${TUNNEL1} external_ids:vxlab-port) -- set port vx9 external_ids:vxlab-port=$(ovs-vsctl get port ${TUNNEL1} external_ids:vxlab-port)`,
    "segment red: tunnel vx9 is not in the plan",
  ],
];

export const BRIDGE: readonly Fault[] = [
  ["the bridge's address", "ip address flush dev vxbr", "bridge vxbr: address 10.1.2.10/24 is missing"],
  ["its interface", "ip link set dev vxbr down", "bridge vxbr: the interface vxbr is down"],
  [
    "its mtu_request",
    "ovs-vsctl set interface vxbr mtu_request=1400",
    "bridge vxbr: MTU 1400 instead of 1450",
  ],
  [
    "a flow without a cookie",
    "ovs-ofctl add-flow vxbr priority=9,in_port=1,actions=drop",
    "bridge vxbr: flow is not part of the lab: priority=9",
  ],
  [
    "a flow with a cookie",
    "ovs-ofctl add-flow vxbr cookie=0x77,priority=10,in_port=1,actions=drop",
    "bridge vxbr: flow is not part of the lab: priority=10",
  ],
  [
    "port security's flows of a port",
    "ovs-ofctl --names del-flows vxbr in_port=v-c3",
    'bridge vxbr: flow is missing: priority=100,in_port="v-c3"',
  ],
  [
    "one rule of the guard",
    "nft -a list chain inet vxlab_guard $(nft list table inet vxlab_guard | awk '/^\\tchain/ { print $2; exit }') | awk '/handle/ { h = $NF } END { print h }' >/tmp/h; nft delete rule inet vxlab_guard $(nft list table inet vxlab_guard | awk '/^\\tchain/ { print $2; exit }') handle $(cat /tmp/h)",
    "bridge vxbr: host guard: the table inet vxlab_guard is not as it was loaded",
  ],
  [
    "IPv6 on the bridge's interface",
    "echo 0 >/proc/sys/net/ipv6/conf/vxbr/disable_ipv6",
    "interface vxbr: IPv6 is on",
  ],
  ["a guest tool", "echo '# edited' >>/usr/lib/vxlab/guest", "bridge vxbr: the guest tools were changed"],
  [
    "a kernel setting",
    "echo /sbin/modprobe >/proc/sys/kernel/modprobe",
    "bridge vxbr: kernel.modprobe was changed",
  ],
];

export const CONTAINERS: readonly Fault[] = [
  [
    "a container's address",
    inside("c1", "ip address flush dev eth0"),
    "container c1: eth0: address 10.0.3.10/24 is missing",
  ],
  [
    "its MAC",
    inside("c1", "ip link set dev eth0 address 02:00:00:00:00:77"),
    "container c1: eth0: MAC 02:00:00:00:00:77 instead of ",
  ],
  ["its MTU", inside("c1", "ip link set dev eth0 mtu 1300"), "container c1: eth0: MTU 1300 instead of 1450"],
  ["a stopped container", `lxc-stop -k -P ${STATE}/containers -n c3`, "container c3: does not run"],
  [
    "a veth that is unplugged",
    "ovs-vsctl del-port v-c4",
    "container c4: eth0: its port v-c4 is on no bridge",
  ],
];

export const SERVICES: readonly Fault[] = [
  [
    "the gateway's address",
    "ip address flush dev gw-blue",
    "service of blue: address 10.0.20.1/24 is missing",
  ],
  [
    "the NAT table",
    "for t in $(nft list tables | sed -n 's/^table inet \\(vxlab_.*_dservice\\)/\\1/p'); do nft flush table inet $t; done",
    "is not as it was loaded",
  ],
  [
    "the DHCP server and its loop",
    `kill $(cat ${STATE}/services/*/loop.pid) $(cat ${STATE}/services/*/dnsmasq.pid)`,
    "service of blue: dnsmasq does not run",
  ],
  [
    "forwarding",
    "echo 0 >/proc/sys/net/ipv4/conf/gw-blue/forwarding",
    "net.ipv4.conf.gw-blue.forwarding is not 1",
  ],
  [
    "arp_ignore",
    "echo 0 >/proc/sys/net/ipv4/conf/vxbr/arp_ignore",
    "net.ipv4.conf.vxbr.arp_ignore was changed",
  ],
  [
    "a flow of a flow segment added",
    "ovs-ofctl add-flow bf200 priority=300,in_port=2,actions=output:1",
    "segment blue: bf200: flow is not in the plan: priority=300",
  ],
];

export const OTHER: readonly Fault[] = [
  // Open vSwitch drops every flow with it.
  ["fail_mode", "ovs-vsctl set-fail-mode vxbr standalone", "bridge vxbr: fail_mode is not secure"],
  ["a tunnel that is deleted", `ovs-vsctl del-port ${TUNNEL2}`, `segment red: tunnel ${TUNNEL2} is missing`],
  [
    "a flow of a flow segment deleted",
    "ovs-ofctl del-flows bf200 in_port=2",
    "segment blue: bf200: flow is missing",
  ],
  ["a VLAN", "ovs-vsctl set port v-b2 tag=0", "container b2: eth0: VLAN"],
  [
    "an interface inside that is down",
    inside("c2", "ip link set dev eth0 down"),
    "container c2: the interface eth0 is down",
  ],
  [
    "the guard's table",
    "nft delete table inet vxlab_guard",
    "host guard: the table inet vxlab_guard is missing",
  ],
  [
    "a file of desired state that is deleted",
    `rm ${STATE}/desired/container-*-c6.json`,
    "container c6: its desired state is missing",
  ],
  [
    "one that is edited",
    `sed -i 's/"mtu":1450/"mtu":1400/' ${STATE}/desired/container-*-c5.json`,
    "container c5: its desired state was changed",
  ],
  [
    "a container's configuration",
    `echo 'lxc.net.0.mtu = 1300' >>${STATE}/containers/c5/config`,
    `container c5: the file ${STATE}/containers/c5/config was changed`,
  ],
  [
    "a script in a container's root",
    `echo '#' >>${STATE}/containers/c2/rootfs/.vxlab-lease`,
    `container c2: the file ${STATE}/containers/c2/rootfs/.vxlab-lease was changed`,
  ],
];

/** There once the lab is deployed. */
interface Lab {
  project: Project;
  guests: Guests;
}

/** Deploys the lab before the tests of a file, and deletes it after them. */
export function driftLab(name: string): Lab & { configure: (more: object) => void } {
  const lab = {} as Lab;
  beforeAll(async () => {
    lab.project = await Project.create(name);
    lab.project.configure(SETTINGS);
    good(await lab.project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
    lab.guests = await Guests.of(lab.project);
  });
  afterAll(async () => {
    await lab.guests?.close();
    await lab.project?.destroy();
  });
  return Object.assign(lab, {
    configure: (more: object) => lab.project.configure({ ...SETTINGS, ...more }),
  });
}

interface Found {
  differences: { host: string; thing: string; found: string }[];
  unknown: { host: string; why: string }[];
  foreign: { host: string; what: string }[];
}

export async function drift({
  project,
}: Lab): Promise<{ code: number; lines: string[]; unknown: string[]; foreign: string[] }> {
  const { code, stdout, stderr } = await project.vxlab(["drift", "--json"], { timeout: 180 });
  expect(stdout, stderr).toContain("differences");
  const { differences, unknown, foreign } = JSON.parse(stdout) as Found;
  return {
    code,
    lines: differences.map(({ host, thing, found }) => `${host}: ${thing}: ${found}`),
    unknown: unknown.map(({ host }) => host),
    foreign: foreign.map(({ host, what }) => `${host}: ${what}`),
  };
}

export const clean = { code: 0, lines: [], unknown: [], foreign: [] };

/** Neither a look nor a preview shows anything. */
export async function settled(lab: Lab, words: readonly string[] = []): Promise<void> {
  expect(await drift(lab)).toEqual(clean);
  const { stdout } = await lab.project.vxlab(["preview", "--json", ...words], { timeout: 300 });
  expect((JSON.parse(stdout) as { changes: unknown[] }).changes).toEqual([]);
}

/** Every fault is named, repaired, and gone; the other host does not notice. */
export async function repairs(
  lab: Lab,
  [host, other]: readonly [string, string],
  faults: readonly Fault[],
): Promise<void> {
  const { project, guests } = lab;
  const before = await guests.facts(other);
  await guests.tell(host, "ovs-vsctl add-port vxbr tap7 -- set interface tap7 type=internal");
  await guests.tell(host, faults.map(([, make]) => make).join("\n"), 120);
  const { code, lines, foreign } = await drift(lab);
  expect(code).toBe(2);
  for (const [name, , said] of faults)
    expect(
      lines.some((line) => line.startsWith(`${host}: `) && line.includes(said)),
      `${name}: ${said}\n${lines.join("\n")}`,
    ).toBe(true);
  expect(lines.filter((line) => !line.startsWith(`${host}: `))).toEqual([]);
  expect(foreign).toEqual([`${host}: port tap7 on vxbr`]);
  const shown = await project.vxlab(["preview"], { timeout: 300 });
  expect(shown.stdout).toContain(`* ${host}: `);
  expect(shown.stdout).not.toContain(`${other}: `);
  good(await project.vxlab(["up", "--no-verify"], { timeout: 600 }));
  expect(await guests.facts(other), "the other host").toEqual(before);
  expect(await guests.tell(host, "ovs-vsctl port-to-br tap7"), "foreign things stay").toBe("vxbr");
  await guests.tell(host, "ovs-vsctl del-port tap7");
  await settled(lab);
}
