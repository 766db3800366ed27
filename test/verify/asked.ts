/** Hosts that answer what a test says, with a clock that goes by pauses alone. */
import type { Answer, Ask } from "../../verify/ask";

interface Hosts {
  /** What a command prints, and how long that takes, ms. */
  ask: (host: string, command: string, stdin?: string) => Answer | Promise<Answer>;
  /** What is heard on each host; undefined: it does not answer. @default nothing */
  hears?: Readonly<Record<string, string>>;
  /** How long a command takes, ms. @default 0 */
  takes?: number;
}

export function hostsThat({ ask, hears = {}, takes = 0 }: Hosts): Ask {
  let time = 0;
  return {
    cores: 2,
    now: () => time,
    pause: (ms) => Promise.resolve(void (time += ms)),
    ask(host, command, { stdin }) {
      time += takes;
      return Promise.resolve(ask(host, command, stdin));
    },
    record: (host) => Promise.resolve({ text: () => hears[host] ?? "", end: () => undefined }),
  };
}

export const said = (stdout: string): Answer => ({ code: 0, stdout, stderr: "" });
