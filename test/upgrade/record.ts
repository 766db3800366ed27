/**
 * Records what this version leaves behind: `npx tsx test/upgrade/record.ts VERSION [TREE]`, as root, four machines, two minutes. TREE is a
 * checkout of an older version whose node_modules is a link to this one's; it is run by this version's tools.
 */
import { cpSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { imageCache, ownImage } from "../../image/image";
import { good, Project } from "../lib/project";
import { existing, LAB_NAMES, machines } from "./labs";
import { office } from "./office";
import { recorded, writeRecording, type Recording } from "./recording";

const [, , version, tree] = process.argv;
if (version === undefined || !/^[\w.-]+$/.test(version)) throw new Error("name the version that is recorded");

async function record(name: string): Promise<void> {
  const project = await Project.create("upgrade-record");
  try {
    const image = ownImage("golden", imageCache(), true).root;
    const logins = await office(project);
    const folder = tree ?? project.root;
    const cmdline = readFileSync(join(dirname(image), "cmdline"), "utf8").trim();
    const recording: Recording = { cmdline, labs: { machines: [], existing: [] }, texts: {} };
    const settings = { machines: machines(image), existing: existing(logins) };
    for (const lab of LAB_NAMES) {
      project.configure(settings[lab], lab);
      const file = `Pulumi.${lab}.yaml`;
      if (folder !== project.root) cpSync(join(project.root, file), join(folder, file));
      const run = async (...words: string[]) =>
        good(await project.pulumi([...words, "--stack", lab, "--cwd", folder], { timeout: 900 }));
      good(await project.pulumi(["stack", "init", lab, "--no-select", "--cwd", folder]));
      await run("up", "--yes", "--skip-preview");
      const exported = await run("stack", "export", "--show-secrets");
      recording.labs[lab] = recorded(exported, { project, image, logins }, recording.texts);
      await run("destroy", "--yes", "--skip-preview");
    }
    writeRecording(name, recording);
  } finally {
    await project.destroy();
  }
}

void record(version).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
