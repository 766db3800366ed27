/** The hypervisors that a stack's machines are on, by the URIs that virsh takes. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "../../system/paths";
import { virsh } from "../../components/libvirt/virsh";
import { virshUri } from "../../plan/libvirt-uri";
import type { Context } from "../command";
import { Exit, Fault } from "../exit";
import { libvirtMode, stackVirshUri } from "../engine/ready";
import { deployment, resources } from "../state/stack";
import type { StateResource } from "../state/stack";

const PROVIDER = "pulumi:providers:libvirt";

type Named = Pick<StateResource, "type" | "inputs">;

/** The hypervisors in a state, each once. */
export function hypervisorsIn(all: readonly Named[]): string[] {
  const uris = all.filter(({ type }) => type === PROVIDER).map(({ inputs }) => inputs?.["uri"]);
  return [...new Set(uris.filter((uri): uri is string => typeof uri === "string").map(virshUri))];
}

/**
 * The hypervisors that a stack's hosts are on. An overlay's state names none, so they are read from the state of its underlay's stack.
 */
export async function hypervisorsBelow(context: Context, all: readonly Named[]): Promise<string[]> {
  const named = hypervisorsIn(all);
  if (named.length > 0 || context.plain !== true) return named;
  const states = await Promise.all(underlaysIn(all).map((stack) => underlayState(context, stack)));
  return hypervisorsIn(states.flat());
}

/** Names of the stacks that a state's overlays are on, each once. */
function underlaysIn(all: readonly Named[]): string[] {
  const overlays = all.filter(({ type }) => type === "vxlab:index:VxlanOverlay");
  const names = overlays.map(
    ({ inputs }) => (inputs?.["underlay"] as { stack?: unknown } | undefined)?.stack,
  );
  return [...new Set(names.filter((name): name is string => typeof name === "string"))];
}

async function underlayState(context: Context, stack: string): Promise<StateResource[]> {
  const state = await deployment(context, stack);
  if (state === undefined) {
    context.out.line(
      `the underlay stack ${stack} cannot be read: if its machines run on the embedded libvirt of another checkout, they cannot be reached from here`,
    );
  }
  return state?.resources ?? [];
}

/** The hypervisors of a stack; the default one if its state has none. */
export async function hypervisors(context: Context, stack: string): Promise<string[]> {
  const named = await hypervisorsBelow(context, await resources(context, stack));
  if (named.length > 0 || (await libvirtMode(context, stack)) === "elsewhere") return named;
  return [await stackVirshUri(context, stack)];
}

/** Longest wait for one to answer, ms. */
const LIMIT = 20_000;

/** Fails when a hypervisor in the state does not answer, so that a lab is not destroyed on some of its hypervisors only. */
export async function mustAnswer(all: readonly StateResource[], stack: string): Promise<void> {
  const uris = hypervisorsIn(all);
  const answers = await Promise.all(uris.map((uri) => virsh(uri, ["uri"], { limit: LIMIT })));
  const why = new Map(
    answers.map(({ end, why: reason }, i) => [uris[i], end === "done" ? undefined : reason]),
  );
  const silent = all.flatMap((one) => {
    const [uri = ""] = hypervisorsIn([one]);
    const said = why.get(uri);
    const words = `./vxlab pulumi state delete --yes --target-dependents -s ${stack} '${one.urn}'`;
    return said === undefined
      ? []
      : [`  ${String(one.inputs?.["uri"])}\n    ${said}\n    if it no longer exists, run ${words}`];
  });
  if (silent.length === 0) return;
  const head = `these hypervisors of stack ${stack} do not answer; nothing was changed: run this again when they answer`;
  throw new Fault(Exit.missing, [head, ...silent].join("\n"));
}

const file = (paths: Paths): string => join(paths.dot, "hypervisors");

/** Writes the hypervisors that have resources to a file outside the state too, as `noteLabs` does with the labs' ids. */
export async function noteHypervisors(context: Context, stack: string): Promise<void> {
  const found = await resources(context, stack);
  if (!found.some(({ type }) => type.startsWith("libvirt:"))) return;
  const all = new Set([...knownHypervisors(context), ...hypervisorsIn(found)]);
  writeFileSync(file(context.paths), [...all].join("\n"));
}

export function knownHypervisors({ paths }: Pick<Context, "paths">): string[] {
  if (!existsSync(file(paths))) return [];
  return readFileSync(file(paths), "utf8")
    .split("\n")
    .filter((uri) => uri !== "");
}

export function forgetHypervisors({ paths }: Pick<Context, "paths">): void {
  rmSync(file(paths), { force: true });
}
