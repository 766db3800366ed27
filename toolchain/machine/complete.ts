/** Installs what the machine lacks. The second run only checks. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { byHand, install, refuseToInstall } from "./apt";
import type { Environment, Paths } from "../../system/paths";
import { Missing, type Reporter } from "../../system/reporter";
import { examine, locateWhole, remedy, requirements, type Finding, type When } from "./requirements";

/**
 * Looks for what is required for these purposes. The function that it returns installs what is missing: other work can run beside it.
 *
 * @throws Missing with the cures for what cannot be installed
 */
export async function machineCompletion(
  whens: readonly When[],
  paths: Paths,
  environment: Environment,
  reporter: Reporter,
): Promise<() => Promise<void>> {
  const found = await look(whens, environment);
  const { packages, others } = remedy(found);
  if (others.length > 0) throw new Missing(await shortage(whens, environment));
  refuseToInstall(packages);
  const here = found.filter(({ ok }) => ok);
  refuse(await tooOld(here, paths, environment));
  return async () => {
    if (packages.length === 0) return;
    await install(packages, reporter);
    const now = await look(whens, environment);
    const absent = now.filter(({ ok }) => !ok);
    const lines = absent.map((one) => `${one.requirement.program} is still missing: ${one.cure}`);
    refuse([...lines, ...(await tooOld(now, paths, environment))]);
  };
}

function refuse(lines: readonly string[]): void {
  if (lines.length > 0) throw new Missing(lines.join("\n"));
}

/** Lists what is missing with the cures, and one line for all Debian packages. Installs nothing. */
export async function shortage(
  whens: readonly When[],
  environment: Environment,
): Promise<string | undefined> {
  const { packages, others } = remedy(await look(whens, environment));
  const lines = others.map((one) => `${one.requirement.program} is missing: ${one.cure}`);
  if (packages.length > 0) lines.push(byHand(packages));
  return lines.length > 0 ? lines.join("\n") : undefined;
}

function look(whens: readonly When[], environment: Environment): Promise<Finding[]> {
  const asked = requirements.filter(({ when }) => whens.includes(when));
  return Promise.all(asked.map((one) => locateWhole(one, environment)));
}

/**
 * Lists programs that are too old. A program that was new enough is asked again only after its file has changed: a cold QEMU
 * needs a second to print its version.
 */
async function tooOld(found: readonly Finding[], paths: Paths, environment: Environment): Promise<string[]> {
  const file = join(paths.dot, "versions.json");
  const known = read(file);
  const asked = found.flatMap(({ requirement, path }) =>
    requirement.floor === undefined || path === undefined || known[path] === mark(requirement.floor, path)
      ? []
      : [{ requirement, mark: mark(requirement.floor, path) }],
  );
  if (asked.length === 0) return [];
  const findings = await Promise.all(asked.map(({ requirement }) => examine(requirement, environment)));
  const passed = findings.flatMap(({ ok, path }, i) =>
    ok && path !== undefined ? [[path, asked[i]?.mark]] : [],
  );
  mkdirSync(paths.dot, { recursive: true });
  writeFileSync(file, JSON.stringify({ ...known, ...Object.fromEntries(passed) }, null, 2));
  return findings.filter(({ ok }) => !ok).map(({ requirement, cure }) => `${requirement.program}: ${cure}`);
}

/** Identifies the required version and the program's file. */
function mark(floor: string, path: string): string {
  const { ino, size, mtimeMs } = statSync(path);
  return [floor, ino, size, mtimeMs].join(" ");
}

/** Empty if the file is missing or another run is writing it: then every program is asked. */
function read(file: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  } catch {
    return {};
  }
}
