/** Which stack is selected, from the files that Pulumi keeps of it (sdk/go/common/workspace/workspace.go). */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FILE = /^(.+)-[0-9a-f]+-workspace\.json$/;

export const workspacesOf = (pulumiHome: string): string => join(pulumiHome, "workspaces");

/** One file for each folder that the project was in: a checkout that was moved has several. */
export function workspaceFiles(pulumiHome: string, project: string): string[] {
  const folder = workspacesOf(pulumiHome);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => FILE.exec(name)?.[1] === project);
  return names.sort().map((name) => join(folder, name));
}

/** Without the organization and the project in front of it. undefined: none, or the file is being written. */
export function selectedIn(file: string): string | undefined {
  const [, stack] = /"stack":\s*"([^"]*)"/.exec(readFileSync(file, "utf8")) ?? [];
  return stack?.split("/").at(-1) || undefined;
}
