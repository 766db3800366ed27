import { CONTAINER_KINDS } from "../components/container/kinds";

/** The kinds of things on a host, in the order in which they are declared and booted, and the scripts of each. */
export const THINGS = {
  bridge: ["components/bridge/guest.sh"],
  port: ["components/segment/guest.sh", "components/segment/group.sh"],
  service: ["guest/nft.sh", "components/service/guest.sh"],
  container: [
    "components/container/guest.sh",
    ...Object.entries(CONTAINER_KINDS).flatMap(([word, { scripts }]) =>
      scripts.map((script) => `components/container/kinds/${word}/${script}`),
    ),
  ],
};

export type StepKind = keyof typeof THINGS;
