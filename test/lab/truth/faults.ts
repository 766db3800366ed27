/** Faults that somebody makes by hand in the lab of the truth tests, by host. */
import { TUNNEL1 } from "../../lib/drift-lab";

const STATE = "/var/lib/vxlab";
const TUNNEL2 = "vx100-c0a80a9c";
const inside = (box: string, command: string) =>
  `nsenter -t $(head -n 1 /sys/fs/cgroup/lxc.payload.${box}/cgroup.procs) -n ${command}`;

const R = `lxc-attach -P ${STATE}/containers -n r`;

/** A fault: what it is called, how it is made on its host, and a part of what `drift` says of it. */
export type Fault = readonly [name: string, make: string, said: string];

const TUNNELS: readonly Fault[] = [
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

const BRIDGE: readonly Fault[] = [
  ["the bridge's address", "ip address flush dev vxbr", "bridge vxbr: address 10.1.2.10/24 is missing"],
  ["its interface", "ip link set dev vxbr down", "bridge vxbr: the interface vxbr is down"],
  [
    "its mtu_request",
    "ovs-vsctl set interface vxbr mtu_request=1400",
    "bridge vxbr: MTU 1400 instead of 1450",
  ],
  [
    "a flow without a cookie",
    "ovs-ofctl add-flow vxbr priority=9,in_port=LOCAL,actions=drop",
    "bridge vxbr: flow is not part of the lab: priority=9",
  ],
  [
    "a flow with a cookie",
    "ovs-ofctl add-flow vxbr cookie=0x77,priority=10,in_port=LOCAL,actions=drop",
    "bridge vxbr: flow is not part of the lab: priority=10",
  ],
  [
    "port security's flows of a port",
    "ovs-ofctl --names del-flows vxbr in_port=v-c1",
    'bridge vxbr: flow is missing: priority=100,in_port="v-c1"',
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

const CONTAINERS: readonly Fault[] = [
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
  ["a stopped container", `lxc-stop -k -P ${STATE}/containers -n w1`, "container w1: does not run"],
  [
    "a veth that is unplugged",
    "ovs-vsctl del-port v-e1",
    "container e1: eth0: its port v-e1 is not on a bridge",
  ],
  ["a route", inside("e1", "/sbin/ip -6 route del ::/0"), "container e1: route ::/0 is missing"],
];

const SERVICES: readonly Fault[] = [
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

export const ON_KVM1: readonly Fault[] = [...TUNNELS, ...BRIDGE, ...CONTAINERS, ...SERVICES];

export const ON_KVM2: readonly Fault[] = [
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
    `rm ${STATE}/desired/container-*-a1.json`,
    "container a1: its desired state is missing",
  ],
  [
    "one that is edited",
    `sed -i 's/"mtu":1450/"mtu":1400/' ${STATE}/desired/container-*-b2.json`,
    "container b2: its desired state was changed",
  ],
  [
    "a container's configuration",
    `echo 'lxc.net.0.mtu = 1300' >>${STATE}/containers/b2/config`,
    `container b2: the file ${STATE}/containers/b2/config was changed`,
  ],
  [
    "a script in a container's root",
    `echo '#' >>${STATE}/containers/c2/rootfs/.vxlab-lease`,
    `container c2: the file ${STATE}/containers/c2/rootfs/.vxlab-lease was changed`,
  ],
  [
    "a file inside",
    `${R} -- sh -c 'echo bad >/etc/motd; rm /srv/a/key'`,
    "container r: file /etc/motd holds something else",
  ],
  ["another, deleted", ":", "container r: file /srv/a/key is missing"],
  [
    "a kernel setting inside",
    inside("r", "sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'"),
    "container r: kernel setting net/ipv4/ip_forward is 0 instead of 1",
  ],
];
