/** What a program of examples/ declares, run as it is: with a package `vxlab` that has the project's names and prints the topology. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkout, good, type Project } from "./project";

/** @param folder of the example; what its scripts build is there already */
export async function topologyOf(project: Project, folder: string): Promise<Record<string, unknown>> {
  const place = join(project.root, "examples", folder);
  const fake = join(place, "node_modules", "vxlab");
  mkdirSync(fake, { recursive: true });
  const names = JSON.stringify(join(checkout, "components"));
  writeFileSync(
    join(fake, "index.ts"),
    `export * from ${names};
export class VxlanLab {
  readonly lab = { apply: () => undefined };
  constructor(_: string, { topology }: { topology: object }) { console.log(JSON.stringify(topology)); }
}`,
  );
  writeFileSync(join(fake, "package.json"), '{ "name": "vxlab", "main": "index.ts" }');
  // The project's own leads `vxlab` to its components.
  writeFileSync(join(fake, "tsconfig.json"), "{}");
  const tsx = `'${join(checkout, "node_modules", ".bin", "tsx")}' --tsconfig '${join(fake, "tsconfig.json")}'`;
  const said = good(await project.run("sh", ["-c", `cd '${place}' && ${tsx} index.ts`], { timeout: 120 }));
  return JSON.parse(said) as Record<string, unknown>;
}
