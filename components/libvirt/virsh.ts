/** libvirt's own client, for what the provider cannot do. It need not be there. */
import { execFile } from "node:child_process";
import { virshUri } from "../../plan/libvirt-uri";

export interface Answer {
  /** "absent": there is no virsh here. */
  end: "done" | "failed" | "late" | "absent";
  stdout: string;
  /** Its complaint. */
  stderr: string;
}

/** @param uri as the provider takes it */
export function virsh(uri: string, words: readonly string[], limitMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const args = ["-q", "-c", virshUri(uri), ...words];
    // SIGKILL: a virsh that waits for a silent server does not hear SIGTERM.
    const options = { timeout: limitMs, killSignal: "SIGKILL" } as const;
    const child = execFile("virsh", args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ end: "done", stdout, stderr });
      else if (error.code === "ENOENT") resolve({ end: "absent", stdout, stderr });
      else resolve({ end: error.killed ? "late" : "failed", stdout, stderr });
    });
    // Of a key that is not known libssh asks whether it is good: the end of its input says no.
    child.stdin?.end();
  });
}
