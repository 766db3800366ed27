/** Ports of a host that lead to a container: the host tries each TCP one, after everything else. */
import { describe, expect, it } from "vitest";
import { PortProtocol } from "../../components/container/spec-inside";
import { triesCommand } from "../../verify/evidence/tries";
import { judge } from "../../verify/judge";
import { buildChecks } from "../../verify/registry";
import { referenceLab } from "../cli/fixture";
import { good } from "./evidence";

const plain = referenceLab();
const ports = [
  { port: 8080, to: 80, protocol: PortProtocol.Tcp },
  { port: 5353, to: 53, protocol: PortProtocol.Udp },
];
const lab = {
  ...plain,
  containers: plain.containers.map((box) => (box.name === "c1" ? { ...box, ports } : box)),
};
const own = buildChecks(lab).filter(({ kind }) => kind === "published");

describe("a port of a host", () => {
  it("is tried by TCP, by its host, at the host's own address", () => {
    expect(own.map(({ name, host, expected }) => [name, host, expected])).toEqual([
      ["port/c1/8080", "kvm1", "port 8080 of kvm1 leads to port 80 of c1"],
    ]);
    const asked = own.flatMap(({ tries }) => tries ?? []);
    const command = triesCommand(lab.id, asked);
    expect(command).toContain('"id":"verify-port.c1.8080"');
    for (const part of ['"from":""', '"to":"192.168.10.156"', '"port":8080', '"kind":"tcp"'])
      expect(command).toContain(part);
  });

  it.each([
    [new Map([["port.c1.8080", { ok: true, got: "accepted" }]]), true, "accepted"],
    [new Map([["port.c1.8080", { ok: false, got: "this host does not reach it" }]]), false, "does not reach"],
    [new Map(), false, "kvm1 has not tried it"],
  ])("passes only if it was accepted", (tried, ok, got) => {
    const [result] = own.map((check) => judge(check, { ...good(lab), tried }));
    expect([result?.ok, result?.got]).toEqual([ok, expect.stringContaining(got)]);
  });
});
