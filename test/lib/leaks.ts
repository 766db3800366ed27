/** Where secrets could show: files, the arguments of processes, whatever is printed. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

/** Which text holds which secret, by their names: the secrets themselves are told to nobody. */
export function leaksIn(
  texts: Readonly<Record<string, string>>,
  needles: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(texts).flatMap(([place, text]) =>
    Object.entries(needles).flatMap(([what, needle]) => (text.includes(needle) ? [`${place}: ${what}`] : [])),
  );
}

/** Everything that is no link and not huge, by its name below `folder`; `skipped` are names below it too. */
export function textsBelow(folder: string, skipped: readonly string[] = []): Record<string, string> {
  if (!existsSync(folder)) return {};
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const paths = found.map((one) => join(one.parentPath, one.name));
  const wanted = paths.filter((path) => !skipped.some((name) => relative(folder, path).startsWith(name)));
  const small = wanted.filter((path) => statSync(path).size < 8e6);
  return Object.fromEntries(small.map((path) => [relative(folder, path), readFileSync(path, "latin1")]));
}

/** Every command line that runs on this machine while it watches: anyone can read them (proc(5), cmdline). */
export class ArgumentWatch {
  private readonly seen = new Set<string>();
  private readonly timer = setInterval(() => this.look(), 200);

  private look(): void {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        this.seen.add(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
      } catch {
        // ended in this moment
      }
    }
  }

  end(): string {
    this.look();
    clearInterval(this.timer);
    return [...this.seen].join("\n");
  }
}
