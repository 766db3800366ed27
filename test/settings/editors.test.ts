/** What an editor with a YAML language server says of the settings. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { languageServer } from "./language-server";
import type { LanguageServer } from "./language-server";

let server: LanguageServer;
beforeAll(async () => {
  server = await languageServer();
});
afterAll(() => server.stop());

const project = readFileSync(join(__dirname, "../../Pulumi.yaml"), "utf8");
let files = 0;
/** A stack's file that no test has opened yet. */
const stackFile = () => `Pulumi.editor${files++}.yaml`;
const stack = (...lines: string[]) => ["config:", ...lines, ""].join("\n");
const said = async (text: string) =>
  (await server.underlines(stackFile(), text)).map(({ line, text }) => [line, text]);

const GOOD = stack(
  "  aws:region: eu-west-1",
  "  vxlab:accel: qemu",
  '  vxlab:bootTimeout: "120"',
  "  vxlab:hosts:",
  "    kvm1: { address: 192.168.10.156, bridgeAddress: 10.1.2.10/24, guard: false }",
  "    value: { address: 192.168.10.157 }",
  "  vxlab:segments:",
  "    red: { vni: 100, subnet: 10.0.3.0/24, subnet6: 'fd00:3::/64', flooding: flow, gateway: { host: kvm1 } }",
  "  vxlab:containers:",
  "    web:",
  "      host: kvm1",
  "      kind: docker",
  "      image: debian:12",
  "      env: { MODE: demo, TOKEN: { secure: AAABAP } }",
  "      interfaces: [{ segment: red, address: dhcp }, { trunk: [red] }]",
);

describe("in an editor", () => {
  it("a stack's good file is clean", async () => {
    expect(await server.underlines(stackFile(), GOOD)).toEqual([]);
  });

  it("the project's file is clean, in Pulumi's form with value:", async () => {
    expect(await server.underlines("Pulumi.yaml", project)).toEqual([]);
  });

  it.each([
    ["a setting that is not one", stack("  vxlab:host: {}"), 2, "vxlab:host"],
    [
      "a key that is not one",
      stack("  vxlab:hosts:", "    kvm1:", "      addres: 192.168.10.2", "      address: 192.168.10.2"),
      4,
      "addres",
    ],
    [
      "a number out of bounds",
      stack("  vxlab:segments:", "    red:", "      subnet: 10.0.3.0/24", "      vni: 16777216"),
      5,
      "16777216",
    ],
    ["a number in quotes", stack("  vxlab:underlay:", '    mtu: "1500"'), 3, '"1500"'],
    [
      "a word that is not one of the choices",
      stack(
        "  vxlab:segments:",
        "    red:",
        "      vni: 1",
        "      subnet: 10.0.3.0/24",
        "      flooding: unicasst",
      ),
      6,
      "unicasst",
    ],
    [
      "a switch that is neither true nor false",
      stack("  vxlab:hosts:", "    kvm1:", "      address: 192.168.10.2", "      guard: off-ish"),
      5,
      "off-ish",
    ],
    [
      "a subnet without prefix length",
      stack("  vxlab:segments:", "    red:", "      vni: 1", "      subnet: 10.0.3.0"),
      5,
      "10.0.3.0",
    ],
    [
      "a secret where there can be none",
      stack("  vxlab:image:", "    path:", "      secure: AAABAP"),
      4,
      "secure: AAABAP",
    ],
    [
      "what belongs to one of several underlays",
      stack("  vxlab:underlay:", "    libvirtUri: qemu:///system"),
      3,
      "libvirtUri",
    ],
  ])("%s is underlined where it is", async (_, text, line, underlined) => {
    expect(await said(text)).toEqual([[line, underlined]]);
  });

  it("a setting that is missing is underlined at its section", async () => {
    const found = await server.underlines(
      stackFile(),
      stack("  vxlab:segments:", "    red:", "      subnet: 10.0.3.0/24"),
    );
    expect(found).toMatchObject([{ line: 3, message: 'Missing property "vni".' }]);
  });

  it("a mapping without value: is underlined in the project's file", async () => {
    const text = "name: x\nruntime: nodejs\nconfig:\n  vxlab:image:\n    kind: golden\n";
    expect(await said(text)).toEqual([[5, "kind"]]);
  });

  it("the ways to flood are offered", async () => {
    const text = "config:\n  vxlab:segments:\n    red:\n      flooding: ";
    expect((await server.offers(stackFile(), text)).sort()).toEqual(["evpn", "flow", "multicast", "unicast"]);
  });

  it("the keys of a host are offered", async () => {
    const text = "config:\n  vxlab:hosts:\n    kvm1:\n      address: 192.168.10.2\n      ";
    expect(await server.offers(stackFile(), text)).toEqual(
      expect.arrayContaining(["bridgeAddress", "existing", "guard"]),
    );
  });
});
