/** docs/troubleshooting.md has an entry for each message of the folders below, and no other. */
import { describe, expect, it } from "vitest";
import { marked } from "marked";
import type { Tokens } from "marked";
import { messagesOf, shellMessages, typeScriptMessages } from "./messages";
import { textOf } from "./markdown";

const COVERED = [
  ...["plan", "components", "guest", "cli", "system", "toolchain", "image", "vxlab"],
  ...["config.ts", "config-copied.ts", "config-files.ts", "config-secrets.ts"],
];

/** Items of lists that are nothing but a code span. */
function entries(): string[] {
  const found: string[] = [];
  void marked.walkTokens(marked.lexer(textOf("docs/troubleshooting.md")), (token) => {
    if (token.type !== "list_item") return;
    const [block] = (token as Tokens.ListItem).tokens as Tokens.Text[];
    const [span, ...more] = block?.tokens ?? [];
    if (span?.type === "codespan" && more.length === 0) found.push((span as Tokens.Codespan).text);
  });
  return found;
}

describe("docs/troubleshooting.md", () => {
  const messages = messagesOf(COVERED);
  const written = entries();

  it("has an entry for each message", () => {
    const missing = messages.filter(({ text }) => !written.includes(text));
    expect(missing).toEqual([]);
    expect(messages.length).toBeGreaterThan(200);
  });

  it("has no entry whose message is gone", () => {
    const texts = messages.map(({ text }) => text);
    expect(written.filter((text) => !texts.includes(text))).toEqual([]);
  });

  it("has each message once", () => {
    expect(written.filter((text, index) => written.indexOf(text) !== index)).toEqual([]);
  });
});

describe("the collection of messages", () => {
  it("finds problems, faults and joined texts in TypeScript, and leaves cures and other texts out", () => {
    const code = `
      const message = \`Is not \${what}: a planted one.\`;
      said.say(path, got, "Is planted, too.", "See the manual of the thing.");
      throw new Fault(Exit.usage, \`no \${kind} is \` + "planted");
      throw badUsage(up, "an option is planted");
      throw new RangeError("internal: never shown as a sentence");
      const cure = "Any words may be in a cure.";
      const doc = { doc: "Is the text of a setting." };
      return fault("Is returned.", "Write another.");
    `;
    expect(typeScriptMessages(code)).toEqual([
      "Is not …: a planted one.",
      "Is planted, too.",
      "no … is planted",
      "an option is planted",
      "Is returned.",
    ]);
  });

  it("finds failures in scripts, with quotes in their substitutions", () => {
    const code = [
      "fail \"no $thing is planted: $(tail -n 3 \"$dir/log\" | tr '\\n' ' ')\"",
      'fail "$said"',
      'fail "usage: guest VERB"',
      'echo "vxlab: ${name:-it} is planted" >&2',
      'echo "vxlab:   continued here" >&2',
      'echo "no message of ours"',
    ].join("\n");
    expect(shellMessages(code)).toEqual(["no … is planted: …", "… is planted"]);
  });
});
