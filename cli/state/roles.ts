/** Stacks and their roles, read from the settings files: asking Pulumi takes a second for each. */
import { Role, inOrder } from "../../plan/roles";
import { STACK } from "../../plan/settings";
import type { Context } from "../command";
import { ownSetting, readSettings } from "../settings/files";
import { stackName, stackOption } from "../args";

/** As stackOption, for commands that take a set. */
export const stacksOption = { stack: { ...stackOption.stack, multiple: true } } as const;

/** The named stacks, each once; without a name the default stack. */
export function stacksNamed({ environment }: Context, given: readonly string[] | undefined): string[] {
  const names = given === undefined || given.length === 0 ? [undefined] : given;
  return [...new Set(names.map((name) => stackName(name, environment)))];
}

/** The program refuses an unknown role. */
export function roleOf({ paths }: Context, stack: string): Role {
  const role = ownSetting(readSettings(paths.root, stack), "role");
  return Object.values(Role).find((one) => one === role) ?? STACK.role.default;
}

/** In order of deployment: underlays first. */
export function deployOrder(context: Context, stacks: readonly string[]): string[] {
  return inOrder(stacks, (stack) => roleOf(context, stack));
}
