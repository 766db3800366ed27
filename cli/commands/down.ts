import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { embeddedPlaces, embeddedScript } from "../../system/paths";
import type { Command, Context } from "../command";
import { readArgs } from "../args";
import { failure, pulumi } from "../engine/engine";
import { changePatiently, hostTimeout, hostTimeoutOption, sayLeft } from "../engine/patience";
import { foundInState, workOn } from "../changes/on-hosts";
import { Exit } from "../exit";
import { alone } from "../engine/alone";
import { deployOrder, stacksNamed, stacksOption } from "../state/roles";
import { forgetLostMachines } from "../engine/lost";
import { clearDeadLocks, forgetPending } from "../engine/interrupted";
import { describe, lastRemains, leftovers, purgeEmbedded, sweep } from "../access/machine";
import {
  forgetHypervisors,
  hypervisors,
  hypervisorsIn,
  knownHypervisors,
  mustAnswer,
} from "../access/hypervisors";
import { wasInterrupted } from "../../system/signals";
import { forgetLibvirt, libvirtMode, ready, startLibvirt, type Mode } from "../engine/ready";
import { deployedOf, forgetLabs, knownLabs, labIds, ownBackend, resources, stackNames } from "../state/stack";

const options = { ...stacksOption, ...hostTimeoutOption } as const;

export const down: Command = {
  name: "down",
  summary: "destroy the lab and leave nothing behind (the cache of tools and images stays)",
  operands: "",
  options,
  checkoutOnly: "run pulumi destroy",
  more: "Overlays first, then underlays. Without -s: all stacks of this checkout.",
  examples: [
    ["down", "everything of this checkout"],
    ["down -s lab2", "one stack"],
  ],
  run(context, args) {
    const { values } = readArgs(down, args, options);
    const seconds = hostTimeout(down, values["host-timeout"]);
    return alone(context, "run this again", () => tearDown(context, values.stack, seconds));
  },
};

async function tearDown(
  context: Context,
  only: readonly string[] | undefined,
  seconds: number,
): Promise<number> {
  const named = stacksNamed(context, only);
  const first = named[0] ?? "";
  const mode = await libvirtMode(context, first);
  const all = only !== undefined || !ownBackend(context.environment) ? named : await existing(context);
  const stacks = deployOrder(context, [...all].reverse()).reverse();
  const ids = new Set(knownLabs(context));
  const uris = new Set<string>();
  let worst: number = Exit.ok;
  for (const stack of stacks) {
    const all = await resources(context, stack);
    for (const id of labIds(all)) ids.add(id);
    for (const uri of hypervisorsIn(all)) uris.add(uri);
    worst = Math.max(worst, await destroy(context, stack, mode, seconds));
  }
  if (worst !== Exit.ok) return worst;
  const others = only === undefined ? [] : await deployedStacks(context, await existing(context));
  return others.length === 0
    ? clear(context, mode, { stack: first, ids: [...ids], uris: await lookedAt(context, first, uris) })
    : Exit.ok;
}

/** A checkout without an engine has no stacks, so none is set up to list them. */
async function existing(context: Context): Promise<string[]> {
  const { paths } = context;
  return existsSync(join(paths.state, ".pulumi")) && existsSync(join(paths.dot, "toolchain", "pulumi"))
    ? stackNames(context)
    : [];
}

async function deployedStacks(context: Context, stacks: readonly string[]): Promise<string[]> {
  const counts = await Promise.all(stacks.map(async (stack) => (await deployed(context, stack)).length));
  return stacks.filter((_, index) => (counts[index] ?? 0) > 0);
}

const deployed = async (context: Context, stack: string) => deployedOf(await resources(context, stack));

/** Types of things on hosts that the stack did not create. */
const OTHERS = ["vxlab:index:ExistingHost", "vxlab:index:VxlanOverlay"];

async function destroy(context: Context, stack: string, mode: Mode, seconds: number): Promise<number> {
  const { out } = context;
  if ((await deployed(context, stack)).length === 0) return Exit.ok;
  await ready(context, stack);
  await clearDeadLocks(context, stack);
  await forgetPending(context, stack);
  // An underlay that is not deployed has no machines: `down` works without it.
  await forgetLostMachines(context, stack, new Set());
  const all = await deployed(context, stack);
  const { environment } = await startLibvirt(context, stack);
  await mustAnswer(all, stack);
  const run = { verb: "destroy", words: [], works: workOn(foundInState(all)), seconds } as const;
  const ended = await changePatiently({ ...context, environment }, stack, run);
  const { outcome } = ended;
  if (outcome.code === 0) sayLeft(context, ended, run);
  if (outcome.code === 0) return ended.left.length === 0 ? Exit.ok : Exit.failed;
  const code = failure(context, outcome);
  // Machines of others may still hold what the state describes: keep the state.
  if (
    outcome.killedBy !== undefined ||
    wasInterrupted(outcome.code) ||
    all.some((one) => OTHERS.includes(one.type))
  )
    return code;
  out.line(`\npulumi destroy failed: removing the machines of ${stack} by their names`);
  if (mode === "embedded") await purgeEmbedded(context);
  else for (const uri of await hypervisors(context, stack)) await sweep(uri, labIds(all));
  const removal = await pulumi(context, ["stack", "rm", "--force", "--yes", "--preserve-config", stack]);
  if (removal.code !== 0) return code;
  out.line(`removed the state of ${stack}: its resources no longer exist`);
  return Exit.ok;
}

/** The hypervisors in the states; without any, those noted earlier. */
async function lookedAt(context: Context, stack: string, named: ReadonlySet<string>): Promise<string[]> {
  if (named.size > 0) return [...named];
  const noted = knownHypervisors(context);
  return noted.length > 0 ? noted : hypervisors(context, stack);
}

interface Known {
  stack: string;
  ids: string[];
  /** Of all hypervisors, as virsh takes them. */
  uris: string[];
}

/** Removes resources that are in no state, then checks that nothing is left. */
async function clear(context: Context, mode: Mode, { stack, ids, uris }: Known): Promise<number> {
  const { paths, out } = context;
  if (existsSync(embeddedPlaces(paths.id).run) || existsSync(join(paths.dot, "libvirt"))) {
    await out.step(`ending the embedded libvirt (${embeddedScript(paths)} purge)`, () =>
      purgeEmbedded(context),
    );
  }
  const remains: string[] = [];
  if (mode !== "embedded" && ids.length > 0) {
    for (const uri of uris) {
      for (const thing of await sweep(uri, ids)) out.line(`removed: ${thing}`);
      remains.push(...describe(await leftovers(uri, ids)));
    }
  }
  remains.push(...(await lastRemains(context, ids)));
  if (remains.length > 0) {
    out.line(`still there:\n${remains.map((one) => `  ${one}`).join("\n")}`);
    return Exit.failed;
  }
  await forgetLibvirt(context, stack);
  forgetLabs(context);
  forgetHypervisors(context);
  rmSync(paths.logs, { recursive: true, force: true });
  out.print("nothing is left of the lab: no machine, network, pool, volume, namespace, process or mount");
  return Exit.ok;
}
