/** The settings' own checks: asked of the guest tools, after everything else. */
import { describe, expect, it } from "vitest";
import { ConnectivityKind } from "../../components/connectivity/spec";
import type { CheckFacts } from "../../plan/types";
import { parseTries } from "../../verify/evidence/tries";
import { gather } from "../../verify/gather";
import { judge } from "../../verify/judge";
import { buildChecks, stillChecks } from "../../verify/registry";
import { referenceLab } from "../cli/fixture";
import { hostsThat, said } from "./asked";

const web: CheckFacts = {
  ...{ name: "web", host: "kvm1", from: "c1", to: "10.0.3.11", target: "c2" },
  ...{ kind: ConnectivityKind.Http, port: 8080, path: "/health", reach: true, within: 120 },
};
const fast: CheckFacts = { ...web, name: "fast", kind: ConnectivityKind.Throughput, atLeast: "5mbit" };
const shut: CheckFacts = { ...web, name: "shut", kind: ConnectivityKind.Tcp, port: 22, reach: false };

const lab = { ...referenceLab(), checks: [fast, shut, web] };
const own = buildChecks(lab).filter(({ kind }) => kind === "connectivity");

describe("the settings' own checks", () => {
  it("say what is expected, and where to look", () => {
    expect(own.map(({ name, expected, where }) => [name, expected, where])).toEqual([
      [
        "check/fast",
        "c1 to c2 (10.0.3.11) and back carries at least 5mbit",
        "./vxlab exec c1 -- ping -c 3 10.0.3.11",
      ],
      [
        "check/shut",
        "c1 does not reach c2 (10.0.3.11) by TCP, port 22",
        "./vxlab exec c1 -- nc 10.0.3.11 22",
      ],
      [
        "check/web",
        "c1 reaches c2 (10.0.3.11) by HTTP, port 8080, path /health",
        "./vxlab exec c1 -- wget -O - http://10.0.3.11:8080/health",
      ],
    ]);
  });

  it("are not among those that send nothing", () => {
    expect(
      stillChecks(lab)
        .map(({ name }) => name)
        .join(),
    ).not.toContain("check/");
  });

  it("are tried by the guest tools of their host, what measures last and alone, for 15 s at most", async () => {
    const commands: string[] = [];
    const ask = hostsThat({
      ask(host, command) {
        if (!command.includes("guest check")) return said("");
        commands.push(`${host} ${command}`);
        return said(
          "== tried web 1\nvxlab: check web: c1 does not reach c2 (10.0.3.11) by HTTP, port 8080, path /health, within 15 s: no answer\n" +
            '== tried shut 0\n{"v":3,"seen":"connection refused"}\n',
        );
      },
    });
    const evidence = await gather(ask, lab, own);
    expect(commands).toHaveLength(1);
    const [command = ""] = commands;
    expect(command).toMatch(/^kvm1 /);
    expect(command.indexOf('"name":"fast"')).toBeGreaterThan(command.indexOf('"name":"web"'));
    expect(command).toMatch(/fast\W+alone\W/);
    expect(command).toContain('"within":15');
    expect(command).not.toContain('"within":120');
    const results = own.map((check) => judge(check, evidence));
    expect(results.map(({ name, ok, got }) => [name, ok, got])).toEqual([
      ["check/fast", false, "kvm1 has not tried it"],
      ["check/shut", true, "connection refused"],
      [
        "check/web",
        false,
        "c1 does not reach c2 (10.0.3.11) by HTTP, port 8080, path /health, within 15 s: no answer",
      ],
    ]);
  });

  it("are not passed by guest tools that do not know them", () => {
    const usage = "vxlab: usage: guest apply|remove|observe bridge";
    expect(parseTries(`== tried web 1\n${usage}\n== tried shut 0\n`)).toEqual(
      new Map([
        ["web", { ok: false, got: "usage: guest apply|remove|observe bridge" }],
        ["shut", { ok: false, got: "the guest tools say: " }],
      ]),
    );
  });
});
