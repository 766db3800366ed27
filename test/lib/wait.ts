/** Waiting, always with a bound. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Project } from "./project";

/** Asks until the answer is yes; the seconds from the call to the beginning of the question that had it. */
export async function within(seconds: number, what: string, ask: () => Promise<boolean>): Promise<number> {
  const started = Date.now();
  for (;;) {
    const elapsed = (Date.now() - started) / 1000;
    if (elapsed > seconds) throw new Error(`${what}: not within ${seconds} s`);
    if (await ask()) return elapsed;
    await sleep(500);
  }
}

export type Verdicts = { name: string; ok: boolean; got: string }[];

/** What `vxlab verify` says, good and bad. @param only checks, or parts of their names: the rest is not asked */
export async function verdicts(project: Project, ...only: string[]): Promise<Verdicts> {
  const words = ["verify", "--json", ...only.flatMap((name) => ["--only", name])];
  const { stdout, stderr } = await project.vxlab(words, { timeout: 180 });
  if (!stdout.startsWith("{")) throw new Error(`vxlab verify said nothing: ${stderr}`);
  return (JSON.parse(stdout) as { checks: Verdicts }).checks;
}

/** What of it is wrong; a lab without checks proves nothing. */
export async function redChecks(project: Project, ...only: string[]): Promise<string[]> {
  const checks = await verdicts(project, ...only);
  if (checks.length === 0) return ["there are no checks"];
  return checks.filter(({ ok }) => !ok).map(({ name, got }) => `${name}: ${got}`);
}

export async function greenWithin(seconds: number, project: Project): Promise<number> {
  let red: string[] = [];
  const ask = async () => (red = await redChecks(project)).length === 0;
  try {
    return await within(seconds, "every check green", ask);
  } catch (error) {
    throw new Error(`${(error as Error).message}; last: ${red.join("; ")}`, { cause: error });
  }
}
