/** Renders the guest tools into the one script that is sent to a host. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The order matters: lib.sh sets the shell up, main.sh calls the rest. */
const PARTS = ["lib.sh", "bridge.sh", "port.sh", "container.sh", "main.sh"];

export interface GuestTools {
  /** First 12 hex digits of the script's SHA-256. */
  version: string;
  script: string;
}

let cached: GuestTools | undefined;

/**
 * The guest tools, as they are stored on a host.
 *
 * Comments and blank lines are left out, so that an edit which changes nothing in effect is no change in a preview.
 */
export function guestTools(): GuestTools {
  if (cached === undefined) {
    const script =
      "#!/bin/sh\n" + PARTS.map((part) => strip(readFileSync(join(__dirname, part), "utf8"))).join("");
    cached = { version: createHash("sha256").update(script).digest("hex").slice(0, 12), script };
  }
  return cached;
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

export type StepKind = "bridge" | "port" | "container";

/**
 * Puts the guest tools that came with the desired state in place, then applies it. Only the first step on a host, its
 * bridge, carries them; jq is the one thing that it needs there.
 */
export const INSTALL_AND_APPLY = [
  "set -eu",
  'command -v jq >/dev/null || { echo "vxlab: jq is missing on this host: apt-get install jq" >&2; exit 1; }',
  "json=$(cat)",
  "mkdir -p /usr/lib/vxlab",
  'printf %s "$json" | jq -j .tools.script >/usr/lib/vxlab/guest.new',
  "chmod 755 /usr/lib/vxlab/guest.new",
  "mv /usr/lib/vxlab/guest.new /usr/lib/vxlab/guest",
  'printf %s "$json" | /usr/lib/vxlab/guest apply bridge',
].join("\n");
