/**
 * Records what this version leaves behind: `npx tsx test/upgrade/record.ts VERSION [TREE]`, as root, four machines, two minutes. TREE is a
 * checkout of an older version whose node_modules is a link to this one's; it is run by this version's tools.
 */
import { cpSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { imageCache, ownImage } from "../../image/image";
import { good, Project } from "../lib/project";
import { existing, ground, LAB_NAMES, machines, overlay, PAIR_NAMES, type LabName } from "./labs";
import { office } from "./office";
import { recorded, writeRecording, type Recording } from "./recording";

const [, , version, tree] = process.argv;
if (version === undefined || !/^[\w.-]+$/.test(version)) throw new Error("name the version that is recorded");

async function record(name: string): Promise<void> {
  const project = await Project.create("upgrade-record");
  try {
    const image = ownImage("docker", imageCache(), true).root;
    const logins = await office(project);
    const folder = tree ?? project.root;
    const cmdline = readFileSync(join(dirname(image), "cmdline"), "utf8").trim();
    const recording: Recording = { cmdline, labs: {}, texts: {} };
    const settings = {
      machines: machines(image),
      existing: existing(logins),
      ground: ground(image),
      overlay,
    };
    const run = async (lab: LabName, ...words: string[]) =>
      good(await project.pulumi([...words, "--stack", lab, "--cwd", folder], { timeout: 900 }));
    const deploy = async (lab: LabName) => {
      project.configure(settings[lab], lab);
      const file = `Pulumi.${lab}.yaml`;
      if (folder !== project.root) cpSync(join(project.root, file), join(folder, file));
      good(await project.pulumi(["stack", "init", lab, "--no-select", "--cwd", folder]));
      await run(lab, "up", "--yes", "--skip-preview");
      const exported = await run(lab, "stack", "export", "--show-secrets");
      recording.labs[lab] = recorded(
        exported,
        { project, image, logins },
        recording.texts,
        lab === "overlay" ? recording.labs.ground : [],
      );
    };
    // An older tree is without what the pair has.
    const rounds =
      tree === undefined ? [...LAB_NAMES.map((lab) => [lab]), PAIR_NAMES] : LAB_NAMES.map((lab) => [lab]);
    for (const labs of rounds) {
      for (const lab of labs) await deploy(lab);
      for (const lab of [...labs].reverse()) await run(lab, "destroy", "--yes", "--skip-preview");
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
