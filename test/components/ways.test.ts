/** components/segment/ways: what the registry says of a way is in its files. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { portState } from "../../components/segment/thing";
import { FLOODINGS, isJoint, portsOf, WAYS } from "../../components/segment/ways";
import { guestTools } from "../../guest/render";

describe.each(FLOODINGS)("way %s", (word) => {
  const script = readFileSync(join(__dirname, "../../components/segment/ways", `${word}.sh`), "utf8");

  it.each(["apply", "observe"])("has %s in the guest tools", (verb) => {
    expect(script).toContain(`\n${word}_${verb}() {`);
    expect(guestTools().script).toContain(`\n${word}_${verb}() {`);
  });

  it("names every port that verify expects of it", () => {
    const host = { address: "192.0.2.1", bridge: { name: "vxbr" }, ports: [] };
    const tunnel = { port: WAYS[word].portTo(7, "192.0.2.2"), host: "b", address: "192.0.2.2" };
    const port = { vni: 7, udpPort: 4789, protected: true, tunnels: [tunnel] };
    const ports = portsOf(word, port);
    expect(ports.length).toBeGreaterThan(0);
    for (const { port: name } of WAYS[word].links?.(host, port) ?? []) expect(ports).toContain(name);
    expect(ports).toEqual(expect.arrayContaining(WAYS[word].bridges?.(7) ?? []));
    expect(isJoint(word)).toBe(WAYS[word].devices(7).length > 0);
  });

  it("has its word in the desired state", () => {
    const wanted = { bridge: "vxbr", vni: 7, local: "192.0.2.1", remotes: ["192.0.2.2"], flooding: word };
    expect(portState(wanted)).toMatchObject({ flooding: word, vni: 7 });
  });
});
