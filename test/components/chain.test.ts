/** ServiceChain as a program declares it. */
import { describe, expect, it } from "vitest";
import type { ChainHopArgs } from "../../components";
import { deploy } from "./world";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEDl5/XFGAX1Mrg15VRkw5K2qyxVsX3Z87bSWnbttmGL";
const END = { ports: ["v-a"], mac: "02:00:00:00:00:01", addresses: ["10.0.3.10/24"] };
const BOX = { ports: ["v-fw", "v-fw_1"] };

async function chain(from: object, box: object = BOX): Promise<string[][]> {
  const v = await import("../../components");
  const all = await deploy(() => {
    const server = (name: string, address: string) =>
      new v.ExistingHost(name, { address, hostKey: KEY, privateKey: "x", labId: "e0a1" });
    const [one, two] = [server("one", "172.20.0.5"), server("two", "172.20.0.6")];
    const hop = (name: string, host: typeof one, more: object) =>
      ({ hop: name, host, bridge: "vxbr", ...more }) as unknown as ChainHopArgs;
    const far = { ...END, ports: ["v-b"], mac: "02:00:00:00:00:02", addresses: ["10.0.3.11"] };
    new v.ServiceChain("web", {
      from: hop("a", one, from),
      through: [hop("fw", two, box)],
      to: hop("b", two, far),
    });
  });
  return all.flatMap(({ type, inputs }) => {
    if (type !== "command:remote:Command" || !String(inputs["delete"]).endsWith("remove chain")) return [];
    const { state } = JSON.parse(String(inputs["stdin"]).split("\n")[0] ?? "") as {
      state: Record<string, unknown>;
    };
    return [[String(state["name"]), String(state["local"])]];
  });
}

describe("a chain of a program's own", () => {
  it("has two parts on each of its hosts, from the host's own VTEP", async () => {
    expect((await chain(END)).sort()).toEqual([
      ["web", "172.20.0.5"],
      ["web", "172.20.0.6"],
      ["web.next", "172.20.0.5"],
      ["web.next", "172.20.0.6"],
    ]);
  });

  it.each([
    ["an end without a MAC", { ...END, mac: undefined }, BOX, "a"],
    ["an end without a port", { ...END, ports: [] }, BOX, "a"],
    ["an end with two ports", { ...END, ports: ["v-a", "v-a_1"] }, BOX, "a"],
    ["a transparent box with a MAC", END, { ...BOX, mac: "02:00:00:00:00:03" }, "fw"],
    ["a box with one port and no MAC", END, { ports: ["v-fw"] }, "fw"],
    ["a box with three ports", END, { ports: ["v-fw", "v-fw_1", "v-fw_2"] }, "fw"],
  ])("refuses %s", async (_, from, box, hop) => {
    await expect(chain(from, box)).rejects.toThrow(
      `vxlab:index:ServiceChain web: hop ${hop} needs one port and its mac, or as a transparent middle box two ports and no mac. Set ports and mac.`,
    );
  });
});
