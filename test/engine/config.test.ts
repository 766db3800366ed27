/** The CLI's reader of settings against the real `pulumi config`: the same files, the same answer. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSettings } from "../../cli/settings/files";
import type { Value } from "../../cli/settings/go-yaml";
import { good, Project } from "../lib/project";
import { filesOf, WRITTEN } from "../lib/settings-files";

let project: Project;

beforeAll(async () => {
  project = await Project.create("config");
  good(await project.vxlab(["pulumi", "version"]));
});

afterAll(() => project?.destroy());

interface Told {
  value?: string;
  objectValue?: unknown;
}

/** As the program gets them: objects as what their JSON says, all else as text. */
function fromPulumi(json: string): Record<string, unknown> {
  const told = Object.entries(JSON.parse(json) as Record<string, Told>);
  return Object.fromEntries(told.map(([key, { value, objectValue }]) => [key, objectValue ?? value]));
}

function fromReader(root: string): Record<string, unknown> {
  const text = (value: Value) =>
    typeof value === "number" || typeof value === "boolean" ? String(value) : value;
  return Object.fromEntries([...readSettings(root, "lab").values].map(([key, value]) => [key, text(value)]));
}

describe("the settings that pulumi config shows", () => {
  it.each(WRITTEN.map((one, i) => [one.title, i, one] as const))(
    "are the reader's: %s",
    async (_, i, one) => {
      const root = join(project.root, "settings", String(i));
      for (const [path, text] of Object.entries(filesOf(one))) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), text);
      }
      // The stack is one for all: the state is the project's, by its name.
      if (i === 0) good(await project.pulumi(["stack", "init", "lab", "--cwd", root]));
      const shown = good(await project.pulumi(["config", "--json", "--stack", "lab", "--cwd", root]));
      expect(fromReader(root)).toEqual(fromPulumi(shown));
    },
  );
});
