/** Stacks and their roles: read from the settings' files, since asking Pulumi takes a second for each. */
import { Role, inOrder } from "../../plan/roles";
import type { Context } from "../command";
import { ownSetting, readSettings } from "../settings/files";
import { stackName } from "../args";

/** As stackOption, for commands that take a set. */
export const stacksOption = { stack: { type: "string", short: "s", multiple: true } } as const;

/** The named stacks, each once; without a name the usual one. */
export function stacksNamed({ environment }: Context, given: readonly string[] | undefined): string[] {
  const names = given === undefined || given.length === 0 ? [undefined] : given;
  return [...new Set(names.map((name) => stackName(name, environment)))];
}

/** A role that is none is the program's to refuse. */
export function roleOf({ paths }: Context, stack: string): Role {
  const role = ownSetting(readSettings(paths.root, stack), "role");
  return Object.values(Role).find((one) => one === role) ?? Role.Lab;
}

/** As they are deployed: underlays first. */
export function deployOrder(context: Context, stacks: readonly string[]): string[] {
  return inOrder(stacks, (stack) => roleOf(context, stack));
}
