/** Kernel settings of a container's network. */
import type { Findings } from "../../plan/findings";
import { IpFamily } from "../../plan/net/family";
import { sortedEntries } from "../../plan/rules";
import type { At } from "../../plan/values";
import type { SysctlPlan } from "../../plan/workload-plan";
import type { ContainerSpec } from "./spec";

/** Settings that each network namespace has of its own (net/ipv4/sysctl_net_ipv4.c, net/ipv6/sysctl_net_ipv6.c, Linux 6.1). */
const OWN = [
  /^net\/ipv[46]\/(conf|neigh)\/[A-Za-z0-9_.-]+\/[a-z0-9_]+$/,
  /^net\/ipv6\/(route|icmp)\/[a-z0-9_]+$/,
  /^net\/ipv4\/(ip_forward|ip_forward_update_priority|ip_forward_use_pmtu|ip_default_ttl|ip_no_pmtu_disc|ip_nonlocal_bind|ip_local_port_range|ip_local_reserved_ports|ip_unprivileged_port_start|ping_group_range|fwmark_reflect)$/,
  /^net\/ipv4\/(icmp|fib_multipath|igmp|raw_l3mdev|udp_l3mdev)_[a-z0-9_]+$/,
  /^net\/ipv4\/tcp_(ecn|ecn_fallback|mtu_probing|base_mss|min_snd_mss|keepalive_time|keepalive_probes|keepalive_intvl|syncookies|fin_timeout|timestamps|sack|window_scaling|congestion_control|rmem|wmem|fastopen|l3mdev_accept|retries1|retries2|syn_retries)$/,
  /^net\/ipv6\/(bindv6only|ip_nonlocal_bind|fib_multipath_hash_policy|fib_multipath_hash_fields|seg6_flowlabel|auto_flowlabels|flowlabel_consistency|idgen_delay|idgen_retries|fwmark_reflect|anycast_src_echo_reply|max_hbh_length|max_dst_opts_length)$/,
  /^net\/mpls\/(conf\/[A-Za-z0-9_.-]+\/input|platform_labels|ip_ttl_propagate|default_ttl)$/,
];
/** These reset other settings to their defaults, so they come first. */
const FIRST = /^net\/ipv4\/ip_forward$|\/conf\/(all|default)\/forwarding$/;

export function resolveSysctls({ sysctls }: ContainerSpec, at: At, said: Findings): SysctlPlan[] {
  const path = at("sysctls");
  if (sysctls === undefined) return [];
  const mapping: unknown = sysctls;
  if (typeof mapping !== "object" || mapping === null || Array.isArray(mapping)) {
    said.say(
      path,
      sysctls,
      "Is not a mapping of kernel settings to values.",
      'Write { net.ipv4.ip_forward: "1" }.',
    );
    return [];
  }
  const all = sortedEntries(mapping as Record<string, unknown>).flatMap(([key, got]) => {
    const name = pathOfSysctl(key);
    const value = typeof got === "number" ? String(got) : got;
    if (!OWN.some((one) => one.test(name)) || name.includes("..")) {
      const message = "Is not a kernel setting that each container has of its own.";
      said.say(
        at("sysctls", key),
        key,
        message,
        "Write one of net.ipv4 or net.ipv6, such as net.ipv4.ip_forward; others belong to the host.",
      );
      return [];
    }
    if (typeof value !== "string" || !/^-?[A-Za-z0-9_]+([ \t][A-Za-z0-9_]+)*$/.test(value)) {
      said.say(
        at("sysctls", key),
        got,
        "Is not a value of a kernel setting.",
        'Write it as text, for example "1".',
      );
      return [];
    }
    return [{ name, value }];
  });
  return [...all.filter(({ name }) => FIRST.test(name)), ...all.filter(({ name }) => !FIRST.test(name))];
}

/** As sysctl(8) reads names: the first separator decides which one it is, and the other is literal. */
function pathOfSysctl(key: string): string {
  const isPath = /^[^.]*\//.test(key);
  return isPath ? key : key.replace(/[./]/g, (one) => (one === "." ? "/" : "."));
}

/** Which families it forwards. */
export function forwarding(sysctls: readonly SysctlPlan[]): IpFamily[] {
  const on = (names: readonly string[]) =>
    sysctls.some(({ name, value }) => names.includes(name) && value === "1");
  return [
    ...(on(["net/ipv4/ip_forward", "net/ipv4/conf/all/forwarding"]) ? [IpFamily.V4] : []),
    ...(on(["net/ipv6/conf/all/forwarding"]) ? [IpFamily.V6] : []),
  ];
}
