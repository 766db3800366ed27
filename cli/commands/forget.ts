import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentHosts } from "../access/answering";
import { badUsage, stackName, stackOption } from "../args";
import type { Command, Context } from "../command";
import { alone } from "../engine/alone";
import { pulumi } from "../engine/engine";
import { clearDeadLocks } from "../engine/interrupted";
import { Exit, Fault } from "../exit";
import { ownSetting, readSettings, stackFile } from "../settings/files";
import { isObject } from "../state/export";
import { withoutHost } from "../state/forget";
import type { ExportedState, Forgotten } from "../state/forget";
import { labOfState, noLab } from "../state/lab";
import { hostNamed, readWords } from "../words";

const options = {
  ...stackOption,
  force: { type: "boolean", doc: "forget a host that still answers" },
} as const;

/** Time limit for a host's answer, seconds. */
const ALIVE_SECONDS = 5;

export const forget: Command = {
  name: "forget",
  summary: "remove a host that is gone from the lab; nothing on the host is changed",
  operands: "HOST",
  options,
  more:
    "It adds the host to vxlab:absent and removes an existing host's part of the state, without asking the host. The next up takes it out of the others' " +
    "tunnels, and deletes it if it is a machine of vxlab. To have it back: remove it from vxlab:absent, and run up.",
  examples: [["forget server", "then up: the lab goes on without it"]],
  async run(context, args) {
    const { values, name, rest } = readWords(forget, args, options);
    if (rest.length > 0) throw badUsage(forget, `unexpected: ${rest.join(" ")}`);
    const stack = stackName(values.stack, context.environment);
    return alone(context, "run this again", () => forgetHost(context, stack, name, values.force === true));
  },
};

async function forgetHost(context: Context, stack: string, name: string, force: boolean): Promise<number> {
  await clearDeadLocks(context, stack);
  const before = await exported(context, stack);
  const host = hostNamed(labOfState(before, stack, context.plain), name);
  if (!force && (await silentHosts(context, stack, [host], ALIVE_SECONDS)).length === 0)
    throw new Fault(
      Exit.usage,
      `${name} answers: remove it from vxlab:hosts and run up, which also removes what is on it; or run vxlab forget --force ${name}`,
    );
  const found = withoutHost(before, name);
  const file = context.plain === true ? undefined : await setAbsent(context, stack, name);
  if (found.urns.length > 0) await imported(context, stack, found.state);
  say(context, name, found, file);
  return Exit.ok;
}

function say({ out }: Context, name: string, { urns, machine }: Forgotten, file: string | undefined): void {
  const names = urns.map((urn) => urn.slice(urn.lastIndexOf("::") + 2));
  if (names.length > 0) out.remark(`removed from the state: ${names.join(", ")}`);
  if (file !== undefined) out.remark(`added to vxlab:absent in ${file}: ${name}`);
  const fate = machine ? "deletes the machine" : `leaves what is on ${name} as it is`;
  out.print(
    file === undefined
      ? `${name} is forgotten: remove it from the program and run pulumi up`
      : `${name} is forgotten. Run ./vxlab up, which takes it out of the other hosts' tunnels and ${fate}`,
  );
}

async function exported(context: Context, stack: string): Promise<ExportedState> {
  const { code, stdout, stderr } = await pulumi(context, ["stack", "export", "--stack", stack]);
  if (code !== 0) throw new Fault(Exit.failed, `pulumi stack export:\n${stderr.trim()}`);
  const state = JSON.parse(stdout) as unknown;
  if (!isObject(state) || !isObject(state["deployment"])) throw noLab(stack, context.plain);
  return state as unknown as ExportedState;
}

async function imported(context: Context, stack: string, state: ExportedState): Promise<void> {
  mkdirSync(context.paths.logs, { recursive: true });
  const file = join(context.paths.logs, "state.json");
  writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
  const { code, stderr } = await pulumi(context, ["stack", "import", "--stack", stack, "--file", file]);
  rmSync(file, { force: true });
  if (code !== 0) throw new Fault(Exit.failed, `pulumi stack import:\n${stderr.trim()}`);
}

/** Adds the host to the setting. Returns the file's name. */
async function setAbsent(context: Context, stack: string, name: string): Promise<string> {
  const { root } = context.paths;
  const file = stackFile(root, stack).slice(root.length + 1);
  const given = ownSetting(readSettings(root, stack), "absent");
  const known = Array.isArray(given) ? given.map(String) : [];
  if (known.includes(name)) return file;
  const all = [...known, name];
  for (const [i, one] of all.entries()) {
    const words = ["config", "set", "--stack", stack, "--path", `vxlab:absent[${i}]`, one];
    const { code, stderr } = await pulumi(context, words);
    if (code !== 0) throw new Fault(Exit.failed, `pulumi config set:\n${stderr.trim()}`);
  }
  return file;
}
