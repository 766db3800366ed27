/** docs/commands.md. Pure. */
import type { Command } from "../command";
import { helpOf, usage } from "./text";

const fenced = (text: string): string => `\`\`\`text\n${text}\n\`\`\``;

export function commandsPage(commands: readonly Command[]): string {
  const sections = commands.map((command) => `## ${command.name}\n\n${fenced(helpOf(command))}`);
  return `${[
    "# Commands",
    "In a checkout the command is `./vxlab`; with the package installed in a Pulumi program it is `npx vxlab` there. This page is generated " +
      "from the table of commands, as are `--help`, the completion and the man page ([vxlab.1](vxlab.1): `man docs/vxlab.1`).",
    'Completion: `eval "$(vxlab completion bash)"` in `~/.bashrc`, `eval "$(vxlab completion zsh)"` in `~/.zshrc`, ' +
      "`vxlab completion fish | source` in `~/.config/fish/config.fish`. In a checkout, give the path of `vxlab` there.",
    fenced(usage(commands)),
    ...sections,
  ].join("\n\n")}\n`;
}
