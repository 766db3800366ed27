import { startRandom } from "./stacks/plugins";

export = async (): Promise<object> => {
  await startRandom();
  const [{ readRole }, { programs }] = await Promise.all([import("./config"), import("./stacks")]);
  return programs[readRole()]();
};
