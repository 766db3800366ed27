/**
 * Records the state of a real lab for the golden previews: `npx tsx test/engine/golden/record.ts`, as root, two machines,
 * a minute. Needed again when what the libvirt or random provider is given has changed; for everything else the
 * test brings the recorded state up to date itself (state.ts).
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { good, Project } from "../../lib/project";
import { LAB } from "./lab";
import { recordingOf } from "./state";

async function record(): Promise<void> {
  const project = await Project.create("golden-record");
  try {
    project.configure(LAB);
    good(await project.vxlab(["up"], { timeout: 900 }));
    const exported = good(await project.pulumi(["stack", "export", "--show-secrets"]));
    const recording = recordingOf(project, exported);
    writeFileSync(join(__dirname, "state.json"), JSON.stringify(recording, null, 1) + "\n");
    good(await project.vxlab(["down"]));
  } finally {
    await project.destroy();
  }
}

void record();
