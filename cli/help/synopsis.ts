/** A command's line of usage. Pure. */
import type { Command, Option } from "../command";

/** `vxlab status [-s STACK] [--json]` */
export function synopsis(command: Command): string {
  const options = Object.entries(command.options).map(optional);
  const [before, ...after] = command.operands.split(/(?:^| )(?=\[-- )/);
  return ["vxlab", command.name, before, ...options, ...after].filter((word) => word !== "").join(" ");
}

function optional([name, option]: [string, Option]): string {
  const flag = option.short === undefined ? `--${name}` : `-${option.short}`;
  return `[${flag}${valueOf(option)}]${option.multiple === true ? "…" : ""}`;
}

/** ` STACK`, ` mermaid|svg`; empty for a switch. */
export function valueOf({ type, value, choices }: Option): string {
  return type === "boolean" ? "" : ` ${choices?.join("|") ?? value ?? "VALUE"}`;
}

/** `-s, --stack STACK` */
export function flags(name: string, option: Option): string {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  return `${short}--${name}${valueOf(option)}`;
}
