import { CONTAINER_KINDS } from "../components/container/kinds";
import { FLOODINGS } from "../components/segment/ways";

/** The kinds of things on a host, in the order in which they are declared and booted, and the scripts of each. */
export const THINGS = {
  bridge: ["components/bridge/guest.sh"],
  encryption: ["components/encryption/guest.sh"],
  port: [
    "components/segment/guest.sh",
    "components/segment/kernel.sh",
    ...FLOODINGS.map((word) => `components/segment/ways/${word}.sh`),
  ],
  // Before containers: none is ever without its impairments.
  impairment: ["components/impairment/guest.sh", "components/impairment/filters.sh"],
  router: ["components/router/guest.sh", "components/router/daemons.sh"],
  service: ["guest/nft.sh", "components/service/guest.sh", "components/service/dhcp.sh"],
  // Before the containers: they must not send anything that their chains do not lead.
  chain: ["components/chain/guest.sh", "components/chain/leaving.sh", "components/chain/probes.sh"],
  container: [
    "components/container/guest.sh",
    "components/container/content.sh",
    "components/container/routing.sh",
    "components/container/published.sh",
    ...Object.entries(CONTAINER_KINDS).flatMap(([word, { scripts }]) =>
      scripts.map((script) => `components/container/kinds/${word}/${script}`),
    ),
  ],
};

export type StepKind = keyof typeof THINGS;
