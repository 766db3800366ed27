/** Settings that name hosts of the lab. */
import type { Findings } from "../../plan/findings";
import { repeated, suggest } from "../../plan/rules";

/**
 * Those of a list that are hosts of the lab. Unknown names and duplicates are reported.
 *
 * @param path of the list
 * @param known names of all hosts
 */
export function namedHosts(
  path: string,
  got: readonly unknown[],
  known: readonly string[],
  said: Findings,
): string[] {
  const claims = got.map((name, index) => {
    const place = `${path}[${index}]`;
    if (!known.some((one) => one === name))
      said.say(place, name, "Is not a host of this lab.", suggest(name, known, "host"));
    return { path: place, got: name, key: JSON.stringify(name) ?? "" };
  });
  said.add(repeated(claims, "This host", "Name each host once."));
  return known.filter((name) => got.includes(name));
}
