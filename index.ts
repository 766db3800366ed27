import { version } from "@pulumi/random/package.json";
import { startEarly } from "./stacks/early";

/** The lab's id, which all else waits for, is the plugin's that is started here; most of the program loads after that. */
export = async (): Promise<object> => {
  await startEarly("random", version);
  const { readRole } = await import("./config");
  const { programs } = await import("./stacks");
  return programs[readRole()]();
};
