/** What a release needs of the project: each version the same, a dated CHANGELOG, a clean tree, a tag that is not there yet. */

export interface Facts {
  /** package.json's. */
  version: string;
  /** Every other place that has the version, with what it says there. */
  places: Readonly<Record<string, string>>;
  changelog: string;
  /** Lines of `git status --porcelain`. */
  changed: readonly string[];
  tags: readonly string[];
  /** Versions whose states are recorded (test/upgrade/states). */
  recorded: readonly string[];
}

export interface Finding {
  message: string;
  /** Steps for the day of a release; a dry run ignores them. */
  later?: boolean;
}

export function findings({ version, places, changelog, changed, tags, recorded }: Facts): Finding[] {
  const elsewhere = Object.entries(places).filter(([, says]) => says !== version);
  const tag = tagOf(version);
  return [
    ...elsewhere.map(([place, says]) => ({
      message: `${place}: version ${says}, but package.json says ${version}. Write ${version} there.`,
    })),
    ...heading(version, changelog),
    ...(changed.length === 0
      ? []
      : [{ message: `The tree is not clean: ${changed.join(", ")}. Commit or stash it.`, later: true }]),
    ...(tags.includes(tag) ? [{ message: `The tag ${tag} exists. Raise the version.`, later: true }] : []),
    ...(recorded.includes(version) ? [] : [{ message: unrecorded(version), later: true }]),
  ];
}

export const tagOf = (version: string): string => `v${version}`;

const unrecorded = (version: string): string =>
  `test/upgrade/states has no ${version}.json, so no later version is tested on its labs. ` +
  `Run npx tsx test/upgrade/record.ts ${version}, and add it to test/upgrade/versions.ts.`;

/** The newest version comes first: `## 0.1.0 (2026-12-01)`. */
function heading(version: string, changelog: string): Finding[] {
  const [, says = "nothing", date = ""] = /^## (\S+) \((.+)\)$/m.exec(changelog) ?? [];
  if (says !== version)
    return [
      { message: `CHANGELOG.md: the first version is ${says}, not ${version}. Add "## ${version} (DATE)".` },
    ];
  if (/^\d{4}-\d\d-\d\d$/.test(date)) return [];
  return [
    { message: `CHANGELOG.md: ${version} is "${date}". Write the date, such as 2026-12-01.`, later: true },
  ];
}
