/** Programs of the machine where Pulumi runs that a lab's providers call. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { ProgramError } from "../../plan/errors";

/** Whether a program is there, without starting it. @param path folders as in PATH */
export function isThere(program: string, path = process.env["PATH"] ?? ""): boolean {
  // An empty part would be the folder that Pulumi runs in.
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return folders.some((folder) => isProgram(join(folder, program)));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Machines need mkisofs: the provider makes their seed disks with it (dmacvicar/libvirt 0.8.3, libvirt/cloudinit_def.go),
 * and reports that it is missing only after pools and volumes have been created.
 *
 * @throws ProgramError when it is not there
 */
export function needSeedTool(): void {
  if (isThere("mkisofs")) return;
  throw new ProgramError([
    {
      path: "PATH",
      got: process.env["PATH"],
      message: "mkisofs is not installed; the libvirt provider needs it for seed disks.",
      cure: "Install it on the machine that runs Pulumi: apt-get install genisoimage.",
    },
  ]);
}
