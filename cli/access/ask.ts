/** Ask over the CLI's SSH. */
import { availableParallelism } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import type { Ask } from "../../verify/ask";
import { busyFactor } from "./crowd";
import type { Remote, RemoteProcess } from "./remote";

export function askBySsh(remote: Remote): Ask {
  return {
    cores: availableParallelism(),
    now: () => Date.now(),
    pause: (ms) => pause(ms),
    async ask(host, command, { limit, stdin }) {
      const silent = await remote.connect(host);
      return silent === undefined ? remote.run(host, command, limit * busyFactor(), stdin) : { silent };
    },
    async record(host, command, ready) {
      if ((await remote.connect(host)) !== undefined) return undefined;
      const child = remote.start(host, command);
      let text = "";
      child.stdout.setEncoding("utf8").on("data", (more: string) => (text += more));
      await begun(child, ready);
      return { text: () => text, end: () => void child.stdin.end() };
    },
  };
}

/** Longest wait for a command to begin, ms. */
const BEGIN_MS = 10_000;

function begun(child: RemoteProcess, ready: string): Promise<void> {
  return new Promise((resolve) => {
    let said = "";
    const timer = setTimeout(resolve, BEGIN_MS);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes(ready)) resolve();
    });
    child.once("close", () => resolve()).once("close", () => clearTimeout(timer));
  });
}
