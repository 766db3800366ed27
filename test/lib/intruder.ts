/**
 * A script for a host: a tunnel by hand into VNI 100 of 192.168.10.156 that sends as a peer, then the same as somebody whom the plan
 * does not know.
 */
export const intruder = (peer: string, stranger: string) => `
  trap 'ovs-vsctl --if-exists del-br spoof; ip address del ${stranger}/32 dev eth0' EXIT
  ip address add ${stranger}/32 dev eth0 || exit
  ovs-vsctl add-br spoof -- add-port spoof spoof0 -- set interface spoof0 type=vxlan options:remote_ip=192.168.10.156 \\
    options:local_ip=${peer} options:key=100 options:dst_port=4789 || exit
  ip address add 10.0.3.66/24 dev spoof && ip address add 10.0.3.77/24 dev spoof && ip link set dev spoof up || exit
  ping -n -b -I 10.0.3.66 -c 3 -i 0.3 -W 1 10.0.3.255
  ping -n -I 10.0.3.66 -c 1 -W 2 10.0.3.10
  ovs-vsctl set interface spoof0 options:local_ip=${stranger} || exit
  ping -n -b -I 10.0.3.77 -c 3 -i 0.3 -W 1 10.0.3.255
  ping -n -I 10.0.3.77 -c 1 -W 2 10.0.3.10
  true`;
