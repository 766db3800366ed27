/** Names of devices are made in plan/names.ts alone: other files, and the scripts, are given them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(__dirname, "../..");
const PREFIXES = "eth|bf|vf|pf|pb|vm|be|ve|oe|vx|cf|v-|p-|gw-|i-|wg";

const files = ["components", "plan", "guest", "verify", "cli"]
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
  )
  .filter((file) => /[.](ts|sh|awk)$/.test(file) && file !== "plan/names.ts");

/** A prefix and a value: `bf${vni}` in TypeScript, bf$vni and "bf" vni in scripts; one VLAN of an interface. */
function made(code: string): string[] {
  const bare = code.replace(/\/\*.*?\*\/|^\s*(\/\/|#).*$/gms, "");
  return [
    ...bare.matchAll(new RegExp(`["\`]?\\b(?:${PREFIXES})[$][{]?[a-z]\\w*`, "g")),
    ...bare.matchAll(/[$][{]?(nic|name|device)[}]?[.][$][{]?[\w.]*(tag|vlan)\b/g),
  ].map(([all]) => all);
}

describe("a device's name", () => {
  it("is made in plan/names.ts, and of a tagged interface where a script reads its trunk", () => {
    const found = files.flatMap((file) =>
      made(readFileSync(join(ROOT, file), "utf8")).map((text) => `${file} ${text}`),
    );
    expect(found).toEqual([]);
  });

  it.each([
    ["const bridge = `bf${vni}`;", 1],
    ["const nic = `eth${number}`;", 1],
    ["const tagged = `${nic}.${vlan}`;", 1],
    ["const tagged = `${name}.${one.vlan}`;", 1],
    ['ip link add "vm$vni" type vxlan', 1],
    ["ip link set dev $nic.$tag up", 1],
    ['ip link add "$device" type vxlan', 0],
    ["# bf$vni", 0],
    ["/** `bf${vni}` */", 0],
  ])("is found in %s", (code, count) => {
    expect(made(code)).toHaveLength(count);
  });
});
