/** The things that have words of their own, in the order in which changes are listed. A new thing is a line here. */
import { bridgeWords } from "../../components/bridge/words";
import { containerWords } from "../../components/container/words";
import { encryptionWords } from "../../components/encryption/words";
import { hostWords } from "../../components/host/words";
import { imageWords } from "../../components/image/words";
import { routerWords } from "../../components/router/words";
import { segmentWords } from "../../components/segment/words";
import { serviceWords } from "../../components/service/words";
import { underlayWords } from "../../components/underlay/words";
import type { Words } from "../../plan/change";
import { acrossSections } from "../../plan/sections";

export const THINGS: readonly Words[] = [
  underlayWords,
  imageWords,
  hostWords,
  bridgeWords,
  encryptionWords,
  segmentWords,
  routerWords,
  serviceWords,
  ...sectionWords(true),
  containerWords,
  ...sectionWords(false),
];

function sectionWords(lower: boolean): Words[] {
  return acrossSections(({ words, below = false }) => (below === lower ? [words] : []));
}
