/** Detects folders that an earlier run as root created, before work in them fails halfway. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import { Missing } from "../../system/reporter";

/**
 * @param elsewhere how to use another folder
 * @throws Missing if this user cannot write to the folder, or create it
 */
export function mustBeWritable(folder: string, elsewhere: string): void {
  const place = nearest(folder);
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const { uid } = statSync(place);
    const whose = `${place} belongs to ${uid === 0 ? "root" : `user ${uid}`}, you are ${userInfo().username}`;
    const make = place === folder ? "" : `sudo mkdir -p ${folder} && `;
    throw new Missing(
      `${folder} cannot be written (${code}): ${whose}.\nRun: ${make}sudo chown -R $USER ${folder}\nor ${elsewhere}`,
    );
  }
}

/** The folder, or its nearest ancestor that exists. */
function nearest(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder));
}
