/** sdks/libvirt is generated, and committed: what the generator makes of the provider here is what is there. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { pathsOf } from "../../system/paths";
import { versions } from "../../toolchain/pieces/versions";
import { must } from "../../system/process";
import { onStderr } from "../../system/reporter";
import { addGenerator } from "../../toolchain/setup/generator";
import { checkout } from "../lib/project";
import { temporary } from "../lib/temporary";

const committed = join(checkout, "sdks", "libvirt");
const paths = pathsOf(checkout, process.env);

// All that is fetched or built: as `./vxlab env` and an earlier run leave it.
beforeAll(async () => {
  await must(join(checkout, "vxlab"), ["env"]);
  await addGenerator({ paths, environment: process.env, reporter: onStderr });
});

interface Parameterised {
  name: string;
  version: string;
  parameterization: { name: string; version: string; value: string };
}

/** Every file with its bytes; what is compiled of it is not committed. */
function tree(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !/^(bin|node_modules)(\/|$)/.test(name) && statSync(join(folder, name)).isFile())
    .sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "latin1")]));
}

it("is what toolchain/sdk.sh makes, without a network", async () => {
  const made = join(temporary("sdk"), "libvirt");
  // A network with nothing in it but the loopback, over which the engine talks with its plugins.
  const alone = ["--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
  await must("unshare", [...alone, join(checkout, "toolchain", "sdk.sh"), made], { timeout: 120 });
  const [fresh, old] = [tree(made), tree(committed)];
  expect(Object.keys(fresh)).toEqual(Object.keys(old));
  for (const [name, text] of Object.entries(fresh)) expect(text === old[name], name).toBe(true);
});

it("takes no folder that has something in it", async () => {
  const call = must(join(checkout, "toolchain", "sdk.sh"), [committed]);
  await expect(call).rejects.toThrow(`${committed} is not empty: name a folder that is new`);
});

it("asks the bridge for the pinned dmacvicar/libvirt: in package.json, and again at run time", () => {
  const read = (name: string) => readFileSync(join(committed, name), "utf8");
  const { pulumi } = JSON.parse(read("package.json")) as { pulumi: Parameterised };
  const { value, ...named } = pulumi.parameterization;
  expect(pulumi).toMatchObject({ name: "terraform-provider", version: versions.bridge });
  expect(named).toEqual({ name: "libvirt", version: versions.libvirt });
  const atRunTime = /base64Parameter: "([^"]+)"/.exec(read("utilities.ts"))?.[1] ?? "";
  for (const parameter of [value, atRunTime])
    expect(JSON.parse(Buffer.from(parameter, "base64").toString())).toEqual({
      remote: { url: "registry.opentofu.org/dmacvicar/libvirt", version: "0.8.3" },
    });
});
