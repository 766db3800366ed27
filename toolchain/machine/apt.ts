/** Installs Debian packages. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isProgram, must, run } from "../../system/process";
import { Missing, type Reporter } from "../../system/reporter";

const lists = "/var/lib/apt/lists";
const day = 24 * 3600 * 1000;

export function aptLine(packages: readonly string[]): string {
  return `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
}

const isDebian = (): boolean => isProgram("/usr/bin/apt-get");

/** The command that an administrator must run, in one line. */
export function byHand(packages: readonly string[]): string {
  return isDebian()
    ? `Debian packages are missing; run as root:\n  ${aptLine(packages)}`
    : `this machine lacks ${packages.join(", ")} (Debian's names), and has no apt-get`;
}

/** @throws Missing with the line to run: without root, or without apt-get */
export function refuseToInstall(packages: readonly string[]): void {
  if (packages.length > 0 && !(isDebian() && process.getuid?.() === 0)) throw new Missing(byHand(packages));
}

/** Installs the packages. @throws Missing with the line to run: as `refuseToInstall`, or after a failure */
export async function install(packages: readonly string[], reporter: Reporter): Promise<void> {
  refuseToInstall(packages);
  await reporter.step(`Debian packages: ${packages.join(" ")}`, async (say) => {
    try {
      await fetchAll(packages, say);
    } catch (error) {
      throw new Missing(failed(packages, error));
    }
  });
}

async function fetchAll(packages: readonly string[], say: (detail: string) => void): Promise<void> {
  if (listsAge(lists) > 7 * day) await update(say);
  if (await attempt(packages, say)) return;
  // Even recent lists may name versions that the mirror has dropped.
  await update(say);
  await must("apt-get", installArgs(packages), options(say));
}

function failed(packages: readonly string[], error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return `Debian packages could not be installed: ${packages.join(" ")}
${why}
Fix what apt-get names (often the network or /etc/apt/sources.list) and try again, or run as root:
  apt-get update && ${aptLine(packages)}`;
}

/** Milliseconds since the package lists were fetched; infinite if there are none. */
export function listsAge(folder: string, now = Date.now()): number {
  try {
    const files = readdirSync(folder).filter((name) => /_(Packages|InRelease|Release)/.test(name));
    if (!files.some((name) => name.includes("_Packages"))) return Infinity;
    // apt sets the files' times to the server's; the folder's time is this machine's.
    return now - Math.max(...[folder, join(folder, "partial")].map((path) => statSync(path).mtimeMs));
  } catch {
    return Infinity;
  }
}

async function attempt(packages: readonly string[], say: (detail: string) => void): Promise<boolean> {
  return (await run("apt-get", installArgs(packages), options(say))).code === 0;
}

async function update(say: (detail: string) => void): Promise<void> {
  say("fetching the package lists");
  await must("apt-get", ["update", "-q"], options(say));
}

const installArgs = (packages: readonly string[]): string[] => aptLine(packages).split(" ").slice(1);

function options(say: (detail: string) => void) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  return { env, timeout: 1800, onLine: (line: string) => say(line.slice(0, 60)) };
}
