/** Renders the guest tools into the one script that is sent to a host. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CONTAINER_WORDS, probesOf } from "../components/container/kinds";
import { FLOODINGS, isJoint, USUAL_PORTS } from "../components/segment/ways";
import { MAX_GROUPS } from "../components/segment/ways/multicast";
import { UNDERLAY } from "../components/underlay/spec";
import { DEAD_VLAN } from "../plan/names";
import { inOrder, withoutFunctions } from "./order";
import { pack } from "./pack";
import { PROTOCOL } from "./protocol";
import { shellWord } from "./quote";
import { THINGS } from "./things";
import type { StepKind } from "./things";

/** From the package's root. The order matters: lib.sh sets the shell up, plug.sh ends with what is before it, main.sh calls the rest. */
export const TOOL_PARTS: readonly string[] = [
  "guest/lib.sh",
  "guest/network.sh",
  "components/container/nics.sh",
  "components/impairment/plug.sh",
  "components/container/plug.sh",
  "guest/ids.sh",
  "components/guard/guest.sh",
  "components/guard/fragments.sh",
  "components/port-security/guest.sh",
  ...Object.values(THINGS).flatMap(({ scripts }) => scripts),
  "components/connectivity/guest.sh",
  "components/measurement/guest.sh",
  "guest/drift.sh",
  "guest/main.sh",
];

/** Values of `@NAME@` in scripts, which the plan uses too, so that they are written once. */
export const WORDS: Readonly<Record<string, string>> = {
  PROTOCOL: String(PROTOCOL),
  KINDS: Object.keys(THINGS).join(" "),
  WAYS: FLOODINGS.join(" "),
  JOINT: FLOODINGS.filter(isJoint).join(" "),
  CONTAINERS: CONTAINER_WORDS.join(" | "),
  DEAD_VLAN: String(DEAD_VLAN),
  MAX_GROUPS: String(MAX_GROUPS),
  MIN_MTU: String(UNDERLAY.mtu.min),
  USUAL_PORTS: USUAL_PORTS.join(", "),
  ANY_USUAL_PORT: USUAL_PORTS.join("|"),
};

const ROOT = join(__dirname, "..");

export interface GuestTools {
  /** First 12 hex digits of the script's SHA-256. */
  version: string;
  script: string;
  /** The script as it is sent. */
  packed: string;
}

let cached: GuestTools | undefined;

/**
 * The guest tools, as they are stored on a host.
 *
 * Comments and blank lines are left out, so that an edit of comments shows no change in a preview.
 */
export function guestTools(): GuestTools {
  if (cached === undefined) {
    const own = withoutFunctions(TOOL_PARTS.map(filled).join(""), CONTAINER_WORDS.flatMap(probesOf));
    const script = "#!/bin/sh\n" + inOrder(own);
    const version = createHash("sha256").update(script).digest("hex").slice(0, 12);
    cached = { version, script, packed: pack(script) };
  }
  return cached;
}

/** `@name.awk@` in a script is replaced by the file of that name beside it. */
function filled(part: string): string {
  return source(part)
    .replace(/@([a-z]+\.awk)@/g, (_, awk: string) => source(join(dirname(part), awk)))
    .replace(/@([A-Z_]+)@/g, (mark, word: string) => WORDS[word] ?? mark);
}

function source(part: string): string {
  return strip(readFileSync(join(ROOT, part), "utf8"));
}

/** Leaves here-documents alone: no line of theirs starts with `#`, which a test holds us to. */
export function strip(source: string): string {
  return source
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.trimStart().startsWith("#"))
    .map((line) => line + "\n")
    .join("");
}

/** The verbs of the guest tools, as commands over SSH: desired state arrives as JSON on stdin. */
export function command(verb: "apply" | "remove" | "observe", kind: StepKind): string {
  return `/usr/lib/vxlab/guest ${verb} ${kind}`;
}

/**
 * guest/host/install.sh, as a command. Only the first step on a host, its bridge, carries the tools. On our own image they run in its
 * static busybox, and so does this: there a program costs 10 ms under emulation instead of 50.
 */
export const INSTALL_AND_APPLY = [
  "# brings the guest tools along, then applies the desired state",
  "set -- /bin/sh",
  "[ ! -d /usr/lib/vxlab-init ] || set -- /bin/busybox sh",
  `exec "$@" -c ${shellWord(source("guest/host/install.sh"))} vxlab "$*"`,
].join("\n");

/** The verb that tries whether a container reaches an address: what to try arrives as JSON on stdin. */
export const CHECK_VERB = "/usr/lib/vxlab/guest check";

/** The verb that measures what an overlay costs: what to measure arrives as JSON on stdin. */
export const MEASURE_VERB = "/usr/lib/vxlab/guest measure";

/** Reports what an existing host lacks, and the command that installs it (host/prepare.sh). */
export const CHECK_HOST = filled("guest/host/check.sh");

/** For stdin with MTU, VTEP and needs in the first line and CHECK_HOST after it: `read` takes no byte more than its line (POSIX). */
export const CHECK_COMMAND = 'read -r mtu vtep needs && exec sh -s -- "$mtu" "$vtep" "$needs"';
