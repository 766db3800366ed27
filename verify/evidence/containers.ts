import { CONTAINER_WORDS, isContainerKind } from "../../components/container/kinds";
import type { BoxFacts } from "./facts";
import { parseNics } from "./links";
import type { Part } from "./part";
import { linesOf } from "./text";

/** Every container on the host, and state and interfaces of the lab's own. */
export const containers: Part = {
  args: (lab, { name: host }) => [
    CONTAINER_WORDS.join(" "),
    ...lab.containers.filter((box) => box.host === host).map(({ kind, name }) => `${kind}/${name}`),
  ],
  sections: {
    boxes: ({ body }) => ({ boxes: linesOf(body).flatMap(boxOf) }),
    container: (
      { words: [name = "", state = "ABSENT", pid = "0"], body },
      attempt,
      { containers: others },
    ) => {
      const nics = body === "" ? undefined : attempt(parseNics);
      return { containers: new Map([...others, [name, { state, pid: Number(pid), nics }]]) };
    },
  },
};

function boxOf(line: string): BoxFacts[] {
  const [kind = "", name, state = "", , step = ""] = line.split(" ");
  if (!isContainerKind(kind) || name === undefined) return [];
  return [{ kind, name, state, ...(step === "" ? {} : { step }) }];
}
