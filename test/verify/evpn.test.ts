/** verify/checks/evpn.ts and router.ts: what BGP has told a host, and with whom it speaks. */
import { describe, expect, it } from "vitest";
import { parseProbe, probeCommand } from "../../verify/evidence/probe";
import { buildChecks } from "../../verify/registry";
import type { HostFacts } from "../../verify/evidence/facts";
import { labOf } from "../cli/fixture";
import { reference } from "../plan/reference";

const { underlay, image } = reference();
const lab = labOf({
  ...{ underlay, image },
  hosts: {
    kvm1: { address: "192.168.10.11" },
    kvm2: { address: "192.168.10.12" },
    kvm3: { address: "192.168.10.13" },
  },
  segments: { red: { vni: 100, subnet: "10.0.3.0/24", flooding: "evpn" as never, dhcp: { host: "kvm2" } } },
  containers: { c1: { host: "kvm1" }, c3: { host: "kvm3" } },
});
const macOf = (name: string) => lab.containers.find((box) => box.name === name)?.interfaces[0]?.mac ?? "";
const [service] = lab.services;

/** As the host kvm1 answers, every line in the words of bridge(8) and ss(8). */
const ANSWER = `== sessions
0      0      192.168.10.11:179   192.168.10.12:41220
0      0      [::ffff:192.168.10.11]:179   [::ffff:192.168.10.13]:50302
== fdb ve100
${macOf("c3")} vlan 1 extern_learn master be100
${macOf("c3")} extern_learn master be100
fa:aa:d8:08:ea:17 vlan 1 master be100 permanent
00:00:00:00:00:00 dst 192.168.10.12 self permanent
00:00:00:00:00:00 dst 192.168.10.13 self permanent
${macOf("c3")} dst 192.168.10.13 self extern_learn
${service?.mac} dst 192.168.10.12 self extern_learn
== own ve100
${macOf("c1")} master be100 static
ee:00:00:00:00:01 master be100 permanent
`;
const PORT = {
  ...{ type: "internal", ofport: 3, error: "", protected: false },
  tag: 0,
  trunks: [],
  bridge: "vxbr",
  options: {},
};

function verdicts(answer = ANSWER, port: object = PORT) {
  const facts: HostFacts = { ...parseProbe(answer), ports: new Map([["oe100", { ...PORT, ...port }]]) };
  const evidence = { hosts: new Map([["kvm1", { facts }]]), pings: new Map(), wires: new Map() };
  return buildChecks(lab)
    .filter(({ name }) => name === "evpn/kvm1/red" || name === "router/kvm1")
    .map((check) => [check.name, check.judge(facts, evidence)] as const);
}

describe("a host that takes part in EVPN", () => {
  it("is asked about its devices, and how many entries they have to have", () => {
    const kvm1 = lab.hosts.find(({ name }) => name === "kvm1");
    if (kvm1 === undefined) throw new Error("no kvm1");
    expect(probeCommand(lab, kvm1, ["evpn"])).toContain("ve100");
    expect(probeCommand(lab, kvm1, ["evpn"])).toMatch(/ve100'? '?oe100'? '?4/);
  });

  it("passes with all it has to know", () => {
    expect(verdicts()).toEqual([
      ["router/kvm1", { ok: true, got: "2 BGP sessions" }],
      ["evpn/kvm1/red", { ok: true, got: "2 hosts in the flood list, 2 remote MACs" }],
    ]);
  });

  it.each([
    [
      "a host that is not in the flood list",
      "00:00:00:00:00:00 dst 192.168.10.13 self permanent\n",
      "",
      "missing from the flood list: kvm3",
    ],
    [
      "a MAC that leads elsewhere",
      `${macOf("c3")} dst 192.168.10.13`,
      `${macOf("c3")} dst 192.168.10.12`,
      `${macOf("c3")} is behind VTEP 192.168.10.12 instead of 192.168.10.13`,
    ],
    [
      "a station that nobody told of",
      `${service?.mac} dst 192.168.10.12 self extern_learn\n`,
      "",
      `no BGP route for MAC ${service?.mac}`,
    ],
    [
      "a station that it does not tell of",
      `${macOf("c1")} master be100 static\n`,
      "",
      `not advertised to other hosts: MAC ${macOf("c1")}`,
    ],
  ])("fails with %s", (_, was, is, said) => {
    expect(ANSWER).toContain(was);
    const [, evpn] = verdicts(ANSWER.replace(was, is));
    expect(evpn).toEqual(["evpn/kvm1/red", { ok: false, got: expect.stringContaining(said) as string }]);
  });

  it("fails with a port of another VLAN, or off the bridge", () => {
    expect(verdicts(ANSWER, { tag: 7 })[1]?.[1]).toMatchObject({ ok: false });
    expect(verdicts(ANSWER, { ofport: -1 })[1]?.[1]).toMatchObject({
      ok: false,
      got: "port oe100 is not on the bridge",
    });
  });

  it("fails without a session, which a reflector has to have with each", () => {
    const [router] = verdicts(ANSWER.replace(/^.*13\]:50302\n/m, ""));
    expect(router).toEqual(["router/kvm1", { ok: false, got: "no BGP session with kvm3" }]);
  });

  it("knows more than is planned: another owner's, or what was heard", () => {
    const more = ANSWER.replace(
      "== own",
      "00:00:00:00:00:00 dst 192.168.20.5 self permanent\n02:ff:00:00:00:01 dst 192.168.20.5 self extern_learn\n== own",
    );
    expect(verdicts(more).map(([, { ok }]) => ok)).toEqual([true, true]);
  });
});
