/** docs/troubleshooting.md has an entry for each message, warning and verdict of the code below, and no other. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { marked } from "marked";
import type { Tokens } from "marked";
import {
  messagesOf,
  shellMessages,
  typeScriptMessages,
  verdictsOf,
  verdictTexts,
  warningTexts,
} from "./messages";
import { checkout, textOf } from "./markdown";

const COVERED = [
  ...[
    "plan",
    "components",
    "guest",
    "cli",
    "system",
    "toolchain",
    "image",
    "vxlab",
    "stacks",
    "policy",
    "verify",
  ],
  ...["config.ts", "config-copied.ts", "config-files.ts", "config-secrets.ts", "config-stacks.ts"],
];

/** What verify finds: everything in its folders but what is sent to hosts and read of them. */
const SENT = ["chains.ts", "measure.ts"];
const CHECKS = ["verify", "verify/checks"].flatMap((folder) =>
  readdirSync(join(checkout, folder))
    .filter((name) => name.endsWith(".ts") && !SENT.includes(name))
    .map((name) => join(folder, name)),
);

/** What nobody has to act on: news, verdicts of checks that pass, pieces of verdicts, and what no user reads. */
const NEWS: readonly string[] = [
  ...["… applied again (…)", "removed the state of …: its resources no longer exist"],
  ...["stack …: a second preview shows no changes", "full output: …", "tried again in … s"],
  "vitest ended with code … and left no results",
];
const PASSED: readonly string[] = [
  ...["… on the second try", "in … ms", ", packets in …, out …", "…, ofport ……", "ofport …, ……", "in use"],
  ...["not protected", "nothing unplanned", "… files", "oldest handshake … s ago", "… BGP sessions…"],
  ...["… hosts in the flood list, … remote MACs…", "… with ……", ", … dropped by the host guard"],
  ...[
    "…, no … packet",
    "no drift",
    "no answer (impairment …)",
    "… packets through …, … back, none past it",
    "…, too few to tell",
  ],
];
const PIECES: readonly string[] = [
  ...["… reach", "exit code …", "listening on", "no address", ", down", "untagged frames", "tagged VLANs …"],
  ...["unencrypted packet", "container …", "service …", "bridge …", "port … of …", "port … on …"],
  ...["… container …", "VNI …, group …, UDP ……", "(unknown header)", "too long"],
  // tcpdump's words, and what is expected.
  ...["> …: ICMP echo request", "> …: ICMP6, echo request", "who-has …", "who has …,", "ICMP echo reply"],
  ...[
    "ICMP6, echo reply",
    "Reply … is-at",
    "tgt is …,",
    "an address from DHCP",
    "is refused: message too long",
  ],
  ...["… (…) answers …", "the gateway on … (…) answers …", "…, one hop beyond the gateway on …, answers …"],
  ...["not protected,", "one VLAN,"],
  // A look's names of things, and how many more there are.
  ...["are missing", "were changed", "segment …", "service of …", "port of VNI …", "queue …", "… more"],
  // Commands that show the same by hand.
  ...["./vxlab exec … --", "… nc … …", "… wget -O - http://…:……", "… ping -c 3 …"],
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
  const verdicts = verdictsOf(CHECKS);
  const messages = [...messagesOf(COVERED), ...verdicts];
  const written = entries();
  const others = [...NEWS, ...PASSED, ...PIECES];

  it("has an entry for each message, warning and verdict", () => {
    const missing = messages.filter(({ text }) => !written.includes(text) && !others.includes(text));
    expect(missing).toEqual([]);
    expect(messages.length).toBeGreaterThan(200);
    expect(verdicts.length).toBeGreaterThan(60);
  });

  it("leaves out nothing that is gone, or that has an entry", () => {
    const texts = messages.map(({ text }) => text);
    expect(others.filter((text) => !texts.includes(text) || written.includes(text))).toEqual([]);
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

  it("finds printf's in scripts", () => {
    const code = 'printf \'vxlab: %s is planted by %s\\n\' "$a" "$b" >&2\nprintf \'vxlab: %s\\n\' "$1"';
    expect(shellMessages(code)).toEqual(["… is planted by …"]);
  });

  it("finds warnings, and what is said to the user while a command goes on", () => {
    const code = `
      void pulumi.log.warn(\`It is planted: \${why}\`, self);
      reporter.line(\`warning: is planted, too (\${why})\`);
      context.out.line(bad ? \`\${what} is planted\` : "a third one");
      out.line(hint);
      out.print("a result");
    `;
    expect(warningTexts(code)).toEqual([
      "It is planted: …",
      "is planted, too (…)",
      "… is planted",
      "a third one",
    ]);
  });

  it("finds verdicts, and leaves out what is expected, where to look, and comparisons", () => {
    const code = `
      const check = { expected: "a thing there", where: "ip link show", got: \`no \${thing} there\` };
      if (fate === "not sent") return "planted by a function";
      type Fate = "too long";
      throw new SyntaxError("two tables are expected");
    `;
    expect(verdictTexts(code)).toEqual(["no … there", "planted by a function"]);
  });
});
