import { parseArgs } from "node:util";
import type { Command, Context } from "../command";
import { Role } from "../../plan/roles";
import { badUsage, readArgs } from "../args";
import { changesOf } from "../changes/changes";
import { changesText } from "../changes/text";
import { isEdited, noteDeployed } from "../engine/edited";
import { change, failure, pulumi, summary } from "../engine/engine";
import type { Outcome } from "../engine/engine";
import { changePatiently, hostTimeout, hostTimeoutOption, sayLeft } from "../engine/patience";
import { foundIn, workOn } from "../changes/on-hosts";
import { Exit } from "../exit";
import { alone } from "../engine/alone";
import { provideImage, refuseUnbuilt } from "../engine/image";
import { machinesIfDeployed } from "../access/look";
import { idle, resume } from "../access/machine";
import { replug } from "../access/machine-repair";
import { forgetLostMachines } from "../engine/lost";
import { hypervisors, noteHypervisors } from "../access/hypervisors";
import { ready, sayHints, startLibvirt } from "../engine/ready";
import { looking, sayUnknown } from "../engine/repair";
import { clearDeadLocks, forgetPending } from "../engine/interrupted";
import { deployOrder, roleOf, stacksNamed, stacksOption } from "../state/roles";
import { deployedOf, labIds, noteLabs, resources, selectStack } from "../state/stack";
import type { StateResource } from "../state/stack";
import { wantsColour } from "../output/report";
import { runVerify, runVerifySet } from "../access/prove";

const options = {
  ...stacksOption,
  "no-verify": { type: "boolean", doc: "deploy only" },
  "no-drift": { type: "boolean", doc: "do not look for what was changed by hand on the hosts" },
  ...hostTimeoutOption,
  json: {
    type: "boolean",
    doc: "print what verify --json prints; several stacks: an array of { stack, … }, without underlays",
  },
} as const;

export const up: Command = {
  name: "up",
  summary: "set up what is missing, deploy the lab, prove that it works",
  operands: "[-- OPTIONS OF PULUMI UP]",
  options,
  checkoutOnly: "run pulumi up, then vxlab verify",
  more: "Several stacks: underlays first, then overlays. After an edit, it first prints what will change, as preview does.",
  examples: [
    ["up", "deploy and verify"],
    ["up -s underlay -s overlay", "two stacks, in order"],
    ["up -- --target-dependents --target URN", "options of pulumi up"],
  ],
  async run(context, args) {
    const { own, passed } = split(args);
    const { values } = readArgs(up, own, options);
    if (values["no-verify"] === true && values.json === true)
      throw badUsage(up, "--json and --no-verify exclude each other: --json prints what verify finds");
    const stacks = deployOrder(context, stacksNamed(context, values.stack));
    const seconds = hostTimeout(up, values["host-timeout"]);
    const started = new Set<string>();
    const code = await alone(context, "run this again", () =>
      deployAll(context, stacks, {
        ...{ more: passed, drift: values["no-drift"] !== true, seconds },
        ...{ said: new Set(), started },
      }),
    );
    if (code !== Exit.ok || values["no-verify"] === true) return code;
    return prove(context, stacks, values.json === true, started);
  },
};

/**
 * Verifies the stacks that are not underlays, and applies faulty things again. With --json it prints one document.
 *
 * @param started libvirt's names of machines that `up` has started
 */
export async function prove(
  context: Context,
  stacks: readonly string[],
  json: boolean,
  started: ReadonlySet<string> = new Set(),
): Promise<number> {
  const proven = stacks.filter((stack) => roleOf(context, stack) !== Role.Underlay);
  if (json && (stacks.length > 1 || proven.length === 0))
    return runVerifySet(context, proven, { heal: true, started });
  for (const stack of proven) {
    const code = await runVerify(context, stack, { json, heal: true, started });
    if (code !== Exit.ok) return code;
  }
  return Exit.ok;
}

interface How {
  /** Options of pulumi up. */
  more: string[];
  /** Look at the hosts, and repair what was changed there. */
  drift: boolean;
  /** How long to wait for a host that has answered before, seconds. */
  seconds: number;
  /** Lines that were printed for an earlier stack. */
  said: Set<string>;
  /** Gets libvirt's names of machines that were shut off. */
  started: Set<string>;
}

/** One after the other. With several stacks, a preview at the end shows that none needs a second `up`. */
async function deployAll(context: Context, stacks: readonly string[], how: How): Promise<number> {
  for (const stack of stacks) {
    const code = await deploy(context, stack, how);
    if (code !== Exit.ok) return code;
  }
  if (stacks.length < 2) return Exit.ok;
  for (const stack of stacks) if (!(await settled(context, stack))) return Exit.failed;
  return Exit.ok;
}

async function settled({ out, ...context }: Context, stack: string): Promise<boolean> {
  const words = ["preview", "--stack", stack, "--expect-no-changes", "--diff"];
  const { code, stdout, stderr } = await pulumi({ out, ...context }, words, 600);
  out.line(code === 0 ? `stack ${stack}: a second preview shows no changes` : `${stdout}\n${stderr}`.trim());
  return code === 0;
}

async function deploy(context: Context, stack: string, how: How): Promise<number> {
  sayHints(context, stack);
  await refuseUnbuilt(context, stack);
  await ready(context, stack, [], () => provideImage(context, stack));
  await selectStack(context, stack);
  await clearDeadLocks(context, stack);
  await forgetPending(context, stack);
  await forgetLostMachines(context, stack);
  const { mode, uri, environment } = await startLibvirt(context, stack);
  const libvirt = `libvirt: ${mode === "elsewhere" ? "as vxlab:underlays say" : `${mode}, ${uri}`}`;
  if (!how.said.has(libvirt)) context.out.remark(libvirt);
  how.said.add(libvirt);
  const since = new Date();
  const words = [...(await refreshing(context, stack, how)), ...how.more];
  // A preview costs as much as an `up` that changes nothing.
  const preview = isEdited(context, stack);
  return looking({ ...context, environment }, stack, how.drift, async (env, look) => {
    const code = await runEngine({ ...context, environment: env }, stack, { how, words, preview });
    sayUnknown(context, code === Exit.ok ? await look() : undefined);
    if (code === Exit.ok && how.more.length === 0) noteDeployed(context, stack, since);
    return code;
  });
}

interface Run {
  how: How;
  words: string[];
  /** Print first what will change. */
  preview: boolean;
}

async function runEngine(context: Context, stack: string, { how, words, preview }: Run): Promise<number> {
  const wanted = preview ? await previewed(context, stack, words) : undefined;
  if (wanted !== undefined && wanted.code !== 0) return failure(context, wanted);
  const works = wanted === undefined || how.more.some(isTargeted) ? [] : workOn(foundIn(wanted.steps));
  const run = { verb: "up", words, works, seconds: how.seconds } as const;
  const ended = await changePatiently(context, stack, run);
  const { outcome } = ended;
  await noteLabs(context, stack);
  await noteHypervisors(context, stack);
  if (outcome.code !== 0) return failure(context, outcome);
  if (wanted === undefined) sayChanges(context, outcome);
  context.out.remark(`stack ${stack}: ${summary(outcome.changes)}`);
  sayLeft(context, ended, run);
  if (ended.left.length > 0) return Exit.failed;
  return Exit.ok;
}

/**
 * Previews the deployment and prints its changes. Undefined without a preview: everything is new, or `pulumi preview` lacks one of the
 * options. Then the changes are printed after the deployment.
 */
async function previewed(context: Context, stack: string, words: string[]): Promise<Outcome | undefined> {
  if (!words.every(isShared)) return undefined;
  if (deployedOf(await resources(context, stack)).length === 0) return undefined;
  const outcome = await change(context, "preview", stack, words);
  if (outcome.code === 0) sayChanges(context, outcome);
  return outcome;
}

/** Options that `pulumi preview` has too. */
const isShared = (word: string): boolean =>
  !word.startsWith("-") || /^--(target|exclude|replace|refresh|parallel|policy-pack|config)\b/.test(word);

/** Pulumi does not accept `--exclude` together with these. */
const isTargeted = (word: string): boolean => /^--?t(arget|$)/.test(word);

function sayChanges({ out }: Context, { edits, changes }: Outcome): void {
  const found = changesOf(edits);
  if (found.length === 0) return;
  out.remark(
    changesText(
      { changes: found, unchanged: changes["same"] ?? 0 },
      wantsColour(process.stderr.isTTY, process.env),
    ),
  );
}

/** Returns --refresh when machines are off that run according to the state, as after a reboot of this machine, or have lost something. */
async function refreshing(context: Context, stack: string, { drift, started }: How): Promise<string[]> {
  const state = await resources(context, stack);
  const ids = labIds(state);
  if (ids.length === 0) return [];
  const off: string[] = [];
  for (const uri of await hypervisors(context, stack)) {
    const machines = await idle(uri, ids);
    off.push(...machines.off);
    for (const name of machines.paused) await resumeMachine(context, uri, name);
  }
  const lost = drift ? await repairMachines(context, stack, state) : [];
  if (off.length > 0) context.out.line(`starting machines that are shut off: ${off.join(", ")}`);
  for (const name of off) started.add(name);
  if (lost.length > 0) context.out.line(`recreating what libvirt has lost: ${lost.join(", ")}`);
  return off.length + lost.length > 0 ? ["--refresh"] : [];
}

/** Repairs networks, detached taps and removed definitions. Returns the machines that the engine must recreate. */
async function repairMachines(
  context: Context,
  stack: string,
  state: readonly StateResource[],
): Promise<string[]> {
  const { faults, near } = await machinesIfDeployed(context, stack);
  const { done, left, lost } = await replug(faults, near, state);
  for (const line of [...done, ...left]) context.out.line(line);
  return lost;
}

/** Resumes a paused machine, which counts as running in the state but does not answer. */
async function resumeMachine(context: Context, uri: string, name: string): Promise<void> {
  const fault = await resume(uri, name);
  context.out.line(
    fault === undefined
      ? `machine ${name} was paused: resumed`
      : `machine ${name} is paused and cannot be resumed: ${fault}`,
  );
}

/** Splits the arguments: those after `--` are for Pulumi. */
export function split(args: readonly string[]): { own: string[]; passed: string[] } {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const end = tokens.find((token) => token.kind === "option-terminator");
  return end === undefined
    ? { own: [...args], passed: [] }
    : { own: args.slice(0, end.index), passed: args.slice(end.index + 1) };
}
