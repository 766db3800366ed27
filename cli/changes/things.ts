/** The kinds of things whose changes a preview describes, in the order in which it lists them. */
import { hostWords } from "../../components/host/words";
import { imageWords } from "../../components/image/words";
import { underlayWords } from "../../components/underlay/words";
import { THINGS as ON_HOSTS } from "../../guest/things";
import type { Words } from "../../plan/change";
import { acrossSections } from "../../plan/sections";

const { container, ...BELOW } = ON_HOSTS;

export const THINGS: readonly Words[] = [
  underlayWords,
  imageWords,
  hostWords,
  ...Object.values(BELOW).flatMap(({ words = [] }) => words),
  ...sectionWords(true),
  ...[container].flatMap(({ words = [] }) => words),
  ...sectionWords(false),
];

function sectionWords(lower: boolean): Words[] {
  return acrossSections(({ words, below = false }) => (below === lower ? [words] : []));
}
