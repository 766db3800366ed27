/** What hosts are asked about their state, and how their answers are read. A new part is two files beside this one and a line in PARTS. */
import { CONTAINER_WORDS } from "../../components/container/kinds";
import { scriptCommand, shellWords } from "../../guest/quote";
import type { HostOutput, LabOutput } from "../../plan/contract";
import { containers } from "./containers";
import { drift } from "./drift";
import { encryption, handshakes } from "./encryption";
import { evpn } from "./evpn";
import type { HostFacts } from "./facts";
import { kept } from "./kept";
import { links } from "./links";
import type { Attempt, Part } from "./part";
import { kindScript, scriptText } from "./scripts";
import { queues } from "./queues";
import { ports } from "./switch";
import { sections } from "./text";

/** By the name of its script, in the order in which a host is asked. */
const PARTS = {
  switch: ports,
  links,
  kept,
  containers,
  encryption,
  handshakes,
  queues,
  drift,
  evpn,
} satisfies Record<string, Part>;

export type PartName = keyof typeof PARTS;
export const PART_NAMES = Object.keys(PARTS) as PartName[];

/** One command for all of a host's parts. */
export function probeCommand(lab: LabOutput, host: HostOutput, wanted: readonly PartName[]): string {
  const parts = PART_NAMES.filter((name) => wanted.includes(name)).flatMap((name) => [
    ["set", "--", ...PARTS[name].args(lab, host)],
    scriptText(`${name}.sh`),
  ]);
  const texts = parts.map((part) => (typeof part === "string" ? part : shellWords(part)));
  return scriptCommand(
    [scriptText("begin.sh"), ...CONTAINER_WORDS.map(kindScript), ...texts, "exit 0\n"].join("\n"),
    [],
  );
}

/** The answer to a probe. */
export function parseProbe(text: string): HostFacts {
  const trouble = new Map<string, string>();
  const readers = new Map(Object.values<Part>(PARTS).flatMap((part) => Object.entries(part.sections)));
  return sections(text).reduce<HostFacts>(
    (known, section) => {
      const attempt: Attempt = (read) => {
        try {
          return read(section.body);
        } catch {
          trouble.set(troubleKey(section.kind, section.words), section.body.split("\n")[0] ?? "");
          return undefined;
        }
      };
      return { ...known, ...readers.get(section.kind)?.(section, attempt, known) };
    },
    { services: new Map(), containers: new Map(), trouble },
  );
}

/** Of a drift section the second word is an exit code. */
function troubleKey(kind: string, [name]: readonly string[]): string {
  return name === undefined || kind === "drift" ? kind : `${kind} ${name}`;
}
