import { signalCode } from "../../system/signals";
import { badUsage, parsed, stackName, stackOption } from "../args";
import { forwardOf, Forwarding, relayLine, type Forward } from "../access/forwarding";
import { withLab, type OpenLab } from "../access/lab";
import type { Command, Context } from "../command";
import { Exit, Fault } from "../exit";
import { targetNamed } from "../words";

export const forward: Command = {
  name: "forward",
  summary: "make a TCP port of a host or container reachable on this machine; ends with ^C",
  operands: "LOCAL:NAME:PORT…",
  options: stackOption,
  more:
    "LOCAL is a port of 127.0.0.1, 0 for any free one. A container is reached at its first address from inside its own network, so this " +
    "works in segments in which its host has no address.",
  examples: [
    ["forward 8080:c1:80", "http://127.0.0.1:8080 is port 80 of c1"],
    ["forward 0:c1:22 0:c2:22", "two ports"],
  ],
  async run(context, args) {
    const { values, positionals } = parsed(forward, args, stackOption, true);
    if (positionals.length === 0) throw badUsage(forward, "name a port, such as 8080:c1:80");
    const wanted = positionals.map(wish);
    const stack = stackName(values.stack, context.environment);
    let ended: (code: number) => void = () => undefined;
    const end = new Promise<number>((resolve) => (ended = resolve));
    const onSignal = (signal: NodeJS.Signals) => ended(signal === "SIGINT" ? Exit.ok : signalCode(signal));
    return withLab(
      context,
      stack,
      async (open) => {
        const opened: Forwarding[] = [];
        try {
          for (const one of wanted) opened.push(await begin(context, open, one));
          return await end;
        } finally {
          for (const one of opened) one.close();
        }
      },
      { onSignal },
    );
  },
};

function wish(word: string): Forward {
  const found = forwardOf(word);
  if (found === undefined) throw badUsage(forward, `${word} is not LOCAL:NAME:PORT, such as 8080:c1:80`);
  return found;
}

async function begin(
  { out }: Context,
  { lab, remote }: OpenLab,
  { local, name, port }: Forward,
): Promise<Forwarding> {
  const target = targetNamed(lab, name);
  const host = target.host.name;
  const silent = await out.wait(`connecting to ${host}`, () => remote.connect(host));
  if (silent !== undefined) throw new Fault(Exit.failed, `${host} ${silent}`);
  const say = (fault: string) => out.line(`${name}:${port}: ${fault}`);
  const forwarding = new Forwarding(remote, host, relayLine(target, port), say);
  out.print(`127.0.0.1:${await forwarding.listen(local)} is port ${port} of ${name}`);
  return forwarding;
}
