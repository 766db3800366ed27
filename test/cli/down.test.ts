import { describe, expect, it } from "vitest";
import { down } from "../../cli/commands/down";
import { Exit } from "../../cli/lib/exit";
import { deployedOf } from "../../cli/lib/stack";
import { world, type World } from "./world";

const resource = (type: string) => ({ urn: `urn:pulumi:x::fake::${type}::x`, type });
const STACK = resource("pulumi:pulumi:Stack");
const RANDOM = resource("pulumi:providers:random");
const LIBVIRT = resource("pulumi:providers:libvirt");
const DOMAIN = resource("libvirt:index/domain:Domain");

/** A checkout with these stacks, whose Pulumi can only list them. */
function checkout(stacks: Record<string, readonly { type: string }[]>): World {
  const here = world({ VXLAB_LIBVIRT_URI: "test:///default" });
  for (const [name, resources] of Object.entries(stacks)) {
    const state = JSON.stringify({ checkpoint: { latest: { resources } } });
    here.write(`.vxlab/state/.pulumi/stacks/fake/${name}.json`, state);
  }
  const listed = JSON.stringify(Object.keys(stacks).map((name) => ({ name: `organization/fake/${name}` })));
  here.write(".vxlab/toolchain/pulumi", "#!/bin/sh\nexit 1\n");
  here.write(
    ".vxlab/bin/pulumi",
    `#!/bin/sh\ncase "$*" in *"stack ls"*) echo '${listed}' ;; *) exit 1 ;; esac\n`,
  );
  return here;
}

describe("down", () => {
  it("takes a stack whose first up was refused for the empty one that it is", async () => {
    const here = checkout({ lab: [], other: [STACK, RANDOM] });
    expect(await down.run(here, ["-s", "lab"])).toBe(Exit.ok);
    expect(here.stdout()).toMatch(/^nothing is left of the lab/);
    const refused = checkout({ lab: [STACK, RANDOM] });
    expect(await down.run(refused, ["-s", "lab"])).toBe(Exit.ok);
    expect(refused.stdout()).toMatch(/^nothing is left of the lab/);
  });

  it("says nothing of what is left as long as another stack has something", async () => {
    const here = checkout({ lab: [], other: [STACK, RANDOM, DOMAIN] });
    expect(await down.run(here, ["-s", "lab"])).toBe(Exit.ok);
    expect(here.stdout()).toBe("");
  });
});

describe("what is deployed", () => {
  it("is nothing where only the engine's own is, else everything, with the providers that say where", () => {
    expect(deployedOf([])).toEqual([]);
    expect(deployedOf([STACK, RANDOM, LIBVIRT])).toEqual([]);
    expect(deployedOf([STACK, LIBVIRT, DOMAIN])).toEqual([STACK, LIBVIRT, DOMAIN]);
  });
});
