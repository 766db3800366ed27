/** Faults of what the reference lab does not have: a hub, flows, a multicast group, a service, DHCP, trunks. */
import { describe, expect, it } from "vitest";
import { buildChecks } from "../../verify/registry";
import { judge } from "../../verify/judge";
import type { Evidence } from "../../verify/check";
import type { HostFacts, NicFacts, PortFacts } from "../../verify/evidence/facts";
import { factsOf, good } from "./evidence";
import { fabricLab } from "../cli/fixture";

describe("a fabric's faults", () => {
  const lab = fabricLab();
  const withFacts = (host: string, change: (facts: HostFacts) => Partial<HostFacts>): Evidence => {
    const evidence = good(lab);
    const facts = factsOf(lab, host);
    return {
      ...evidence,
      hosts: new Map([...evidence.hosts, [host, { facts: { ...facts, ...change(facts) } }]]),
    };
  };
  const withPort = (host: string, port: string, change: Partial<PortFacts>): Evidence =>
    withFacts(host, ({ ports }) => ({
      ports: new Map(
        [...(ports ?? [])].map(([name, facts]) => [name, name === port ? { ...facts, ...change } : facts]),
      ),
    }));
  const withNic = (host: string, box: string, nic: string, change: Partial<NicFacts>): Evidence =>
    withFacts(host, ({ containers }) => ({
      containers: new Map(
        [...containers].map(([name, facts]) => {
          const nics = [...(facts.nics ?? [])].map(([own, one]): [string, NicFacts] => [
            own,
            name === box && own === nic ? { ...one, ...change } : one,
          ]);
          return [name, { ...facts, nics: new Map(nics) }];
        }),
      ),
    }));

  it.each<[string, string, Evidence, string]>([
    [
      "a hub that passes nothing on",
      "tunnel/kvm1/vx100-c0a80ade",
      withPort("kvm1", "vx100-c0a80ade", { protected: true }),
      "protected: the hub does not forward frames",
    ],
    [
      "a spoke that would loop",
      "tunnel/kvm2/vx100-c0a80a9c",
      withPort("kvm2", "vx100-c0a80a9c", { protected: false }),
      "frames loop",
    ],
    ["flows without their patch", "tunnel/kvm1/pf200", withPort("kvm1", "pf200", { options: {} }), ""],
    [
      "a flow port to one host",
      "tunnel/kvm1/vf200",
      withPort("kvm1", "vf200", { options: { remote_ip: "192.168.10.222" } }),
      "remote_ip",
    ],
    [
      "a patch of all segments",
      "tunnel/kvm1/pf200",
      withPort("kvm1", "pf200", { tag: undefined }),
      "pf200 has no VLAN tag",
    ],
    [
      "no multicast device",
      "tunnel/kvm1/vm300",
      withFacts("kvm1", () => ({ vxlans: new Map() })),
      "the device does not exist",
    ],
    [
      "another group",
      "tunnel/kvm1/vm300",
      withFacts("kvm1", () => ({
        vxlans: new Map([["vm300", { vni: 300, udpPort: 4790, group: "239.0.0.1", ttl: 16, up: true }]]),
      })),
      "VNI 300, group 239.0.0.1, UDP 4790",
    ],
    [
      "another TTL",
      "tunnel/kvm1/vm300",
      withFacts("kvm1", () => ({
        vxlans: new Map([["vm300", { vni: 300, udpPort: 4790, group: "239.0.1.44", ttl: 1, up: true }]]),
      })),
      "VNI 300, group 239.0.1.44, UDP 4790, TTL 1",
    ],
    [
      "a device off the bridge",
      "tunnel/kvm1/vm300",
      withPort("kvm1", "vm300", { ofport: -1 }),
      "not on the bridge",
    ],
    [
      "no service",
      "service/green",
      withFacts("kvm1", () => ({ services: new Map() })),
      "gw-green is missing",
    ],
    ["no lease", "container/c4", withNic("kvm2", "c4", "eth0", { addresses: [] }), "no address"],
    [
      "another's lease",
      "container/c4",
      withNic("kvm2", "c4", "eth0", { addresses: ["10.0.5.9/24"] }),
      "10.0.5.9/24",
    ],
    [
      "one family only",
      "container/c1",
      withNic("kvm1", "c1", "eth0", { addresses: ["10.0.3.10/24"] }),
      "10.0.3.10/24, eth1",
    ],
    [
      "a VLAN of a trunk that is down",
      "container/c3",
      withNic("kvm2", "c3", "eth0.20", { up: false }),
      "down",
    ],
  ])("%s", (_, name, evidence, got) => {
    const [found] = buildChecks(lab).flatMap((check) => (check.name === name ? judge(check, evidence) : []));
    expect(found?.ok).toBe(false);
    expect(found?.got).toContain(got);
  });
});
