/** The recipe "a section of the topology" (CONTRIBUTING.md): which files name the sections. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { acrossSections } from "../../plan/sections";
import { SECTION_NAMES } from "../../plan/settings";

const ROOT = join(__dirname, "../..");

/** Each of these has lines for every section. */
const LISTS = ["components/lab/sections.ts", "plan/section-types.ts", "plan/sections.ts", "plan/settings.ts"];

/** Properties of these components, for TypeScript programs. */
const GETTERS = ["components/lab/vxlan-lab.ts", "components/lab/vxlan-overlay.ts"];

const SHARED = [".", "plan", "plan/net", "components/lab", "stacks", "cli/changes"].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((file) => /^(?!vitest).*[.]c?ts$/.test(file))
    .map((file) => join(folder, file)),
);

function naming(section: string): string[] {
  return SHARED.filter((file) => {
    const code = readFileSync(join(ROOT, file), "utf8").replace(/\/\*.*?\*\/|\/\/.*$/gms, "");
    return new RegExp(`\\b${section}\\b`).test(code);
  });
}

describe("sections of the topology", () => {
  it("are the same in the settings and in the list", () => {
    expect(acrossSections((_, name) => [name]).sort()).toEqual([...SECTION_NAMES].sort());
  });

  it.each(SECTION_NAMES)("%s is named by the lists and no other shared file", (section) => {
    expect(
      naming(section)
        .filter((file) => !GETTERS.includes(file))
        .sort(),
    ).toEqual(LISTS);
  });
});
