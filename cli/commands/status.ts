import { run } from "../../system/process";
import type { Command, Context } from "../command";
import { readArgs, stackName, stackOption } from "../lib/args";
import { Exit } from "../lib/exit";
import { withLab } from "../lib/lab";
import { hypervisors } from "../lib/hypervisors";
import { parseDomains, statusOf } from "../lib/status";
import { renderStatus } from "../lib/status-text";
import { stillChecks } from "../verify/still-checks";
import { gather } from "../verify/gather";

/** Longest time for a host to let us in, and then to say how it is, ms. */
const LIMIT_MS = 10_000;
const PROBE_MS = 20_000;

export const status: Command = {
  name: "status",
  summary: "show machines, tunnels and containers as they are now",
  usage: "[-s STACK] [--json]",
  async run(context, args) {
    const { values } = readArgs(status, args, { ...stackOption, json: { type: "boolean" } });
    const stack = stackName(values.stack, context.environment);
    const options = { loginLimit: LIMIT_MS };
    const found = await withLab(
      context,
      stack,
      async ({ lab, remote }) => {
        const look = gather(remote, lab, stillChecks(lab), { limit: PROBE_MS });
        const answers = Promise.all([look, domains(context, stack)]);
        const [evidence, machines] = await context.out.wait("asking the hosts", () => answers);
        return statusOf(lab, evidence, machines);
      },
      options,
    );
    if (values.json === true) context.out.json(found);
    else context.out.print(renderStatus(found));
    return found.ok ? Exit.ok : Exit.failed;
  },
};

/** Undefined when a hypervisor does not answer: a machine that is not listed may then be there all the same. */
async function domains(context: Context, stack: string): Promise<Map<string, string> | undefined> {
  const options = { env: { ...context.environment, LC_ALL: "C" }, timeout: LIMIT_MS / 1000 };
  const uris = await hypervisors(context, stack);
  const answers = await Promise.all(
    uris.map((uri) => run("virsh", ["-q", "-c", uri, "list", "--all"], options)),
  );
  if (answers.some(({ code }) => code !== 0)) return undefined;
  return new Map(answers.flatMap(({ stdout }) => [...parseDomains(stdout)]));
}
