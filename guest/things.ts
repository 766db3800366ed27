import { CONTAINER_KINDS } from "../components/container/kinds";
import { FLOODINGS } from "../components/segment/ways";

/** The kinds of things on a host, in the order in which they are declared and booted, and the scripts of each. */
export const THINGS = {
  bridge: ["components/bridge/guest.sh"],
  port: ["components/segment/guest.sh", ...FLOODINGS.map((word) => `components/segment/ways/${word}.sh`)],
  service: ["guest/nft.sh", "components/service/guest.sh"],
  // Before the containers: they must not send anything that their chains do not lead.
  chain: ["components/chain/guest.sh"],
  container: [
    "components/container/guest.sh",
    ...Object.entries(CONTAINER_KINDS).flatMap(([word, { scripts }]) =>
      scripts.map((script) => `components/container/kinds/${word}/${script}`),
    ),
  ],
};

export type StepKind = keyof typeof THINGS;
