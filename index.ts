import { readConfig } from "./config";
import { labStack } from "./stacks/lab";

export const { lab } = labStack(readConfig());
