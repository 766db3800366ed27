import { domainStates } from "../../components/libvirt/virsh";
import type { Command, Context } from "../command";
import { jsonOption, readArgs, stackName, stackOption } from "../args";
import { Exit } from "../exit";
import { withLab } from "../access/lab";
import { hypervisors } from "../access/hypervisors";
import { statusOf } from "../output/status";
import { renderStatus } from "../output/status-text";
import { stillChecks } from "../../verify/registry";
import { gather } from "../../verify/gather";

/** Time limits of a login and of a probe, ms. */
const LIMIT_MS = 10_000;
const PROBE_MS = 20_000;

const options = { ...stackOption, ...jsonOption } as const;

export const status: Command = {
  name: "status",
  summary: "show machines, tunnels and containers as they are now",
  operands: "",
  options,
  examples: [
    ["status", "tables"],
    ["status --json", "for programs; exit code 1: something is not as desired"],
  ],
  async run(context, args) {
    const { values } = readArgs(status, args, options);
    const stack = stackName(values.stack, context.environment);
    const found = await withLab(
      context,
      stack,
      async ({ lab, ask }) => {
        const look = gather(ask, lab, stillChecks(lab), { limit: PROBE_MS });
        const answers = Promise.all([look, domains(context, stack)]);
        const [evidence, machines] = await context.out.wait("asking the hosts", () => answers);
        return statusOf(lab, evidence, machines);
      },
      { loginLimit: LIMIT_MS },
    );
    if (values.json === true) context.out.json(found);
    else context.out.print(renderStatus(found));
    return found.ok ? Exit.ok : Exit.failed;
  },
};

/** Undefined when a hypervisor does not answer: then a machine that is not listed may exist. */
async function domains(context: Context, stack: string): Promise<Map<string, string> | undefined> {
  const options = { environment: context.environment, limit: LIMIT_MS };
  const uris = await hypervisors(context, stack);
  try {
    const found = await Promise.all(uris.map((uri) => domainStates(uri, options)));
    return new Map(found.flatMap((states) => [...states]));
  } catch {
    return undefined;
  }
}
