import { posix } from "node:path";
import { CONTAINER_KINDS } from "../../components/container/kinds";
import { scriptCommand, shellWords } from "../../guest/quote";
import type { LabOutput } from "../../plan/contract";
import { badUsage, parsed, stackName, stackOption } from "../args";
import { withLab } from "../access/lab";
import { receive, send, sourceOf } from "../access/copy";
import type { Command } from "../command";
import { Exit } from "../exit";
import { script } from "../scripts";
import { targetNamed } from "../words";

export const cp: Command = {
  name: "cp",
  summary: "copy a file or folder to or from a host or a container",
  operands: "NAME:PATH|PATH NAME:PATH|PATH",
  options: stackOption,
  more:
    "One of the two is NAME:PATH, with an absolute path. If the destination is an existing folder, the copy goes into it under its own " +
    "name. Existing files are overwritten. Write a local path that contains a colon with ./ or / at its start.",
  examples: [
    ["cp ./site c1:/tmp/", "a folder into a container"],
    ["cp kvm1:/var/log/openvswitch .", "a host's logs here"],
  ],
  async run(context, args) {
    const { values, positionals } = parsed(cp, args, stackOption, true);
    const { from, to } = directions(positionals);
    const stack = stackName(values.stack, context.environment);
    const source = "name" in from ? undefined : sourceOf(from.path);
    await withLab(context, stack, async ({ lab, remote }) => {
      const there = "name" in from ? from : to;
      if (!("name" in there)) throw badUsage(cp, "one of the two must be NAME:PATH");
      const { host, line } = lineFor(lab, there, source?.name);
      const silent = await remote.connect(host);
      if (silent !== undefined) throw new Error(`${host} ${silent}`);
      const child = remote.start(host, line);
      await context.out.wait("copying", () =>
        source === undefined
          ? receive(child, posix.basename(there.path), "name" in to ? "" : to.path)
          : send(child, source),
      );
    });
    return Exit.ok;
  },
};

interface Far {
  name: string;
  path: string;
}
type Place = Far | { path: string };

export function directions([from, to, ...more]: readonly string[]): { from: Place; to: Place } {
  if (from === undefined || to === undefined || more.length > 0)
    throw badUsage(cp, "give one source and one destination");
  const [source, target] = [placeOf(from), placeOf(to)];
  if ("name" in source === "name" in target) throw badUsage(cp, "one of the two must be NAME:PATH");
  if ("name" in source && posix.basename(source.path) === "")
    throw badUsage(cp, `${from}: name a file or a folder below /`);
  return { from: source, to: target };
}

function placeOf(word: string): Place {
  const [, name, path] = /^([A-Za-z0-9_-][A-Za-z0-9_.-]*):(.*)$/s.exec(word) ?? [];
  if (name === undefined || path === undefined) return { path: word };
  if (!path.startsWith("/")) throw badUsage(cp, `${word}: give an absolute path after the colon`);
  return { name, path: posix.normalize(path) };
}

/** @param sent the file's name if it is sent there; undefined if it is fetched from there */
export function lineFor(lab: LabOutput, { name, path }: Far, sent?: string): { host: string; line: string } {
  const { host, container } = targetNamed(lab, name);
  const [what, ...args] =
    sent === undefined ? ["get", posix.dirname(path), posix.basename(path)] : ["put", path, sent];
  if (container === undefined) return { host: host.name, line: scriptCommand(script(what ?? ""), args) };
  const kind = CONTAINER_KINDS[container.kind];
  const words = [...kind.shell, "-c", script(what ?? ""), "vxlab", ...args];
  return { host: host.name, line: shellWords(kind.exec(name, words, [])) };
}
