import { writeFileSync } from "node:fs";
import { it } from "vitest";
import { messagesOf } from "./messages";
it("x", () => { for (const [n, p] of Object.entries({ a: ["plan", "components", "guest", "config.ts", "config-files.ts", "config-secrets.ts", "config-copied.ts"], b: ["cli", "toolchain", "system", "image", "verify", "stacks"] }))
 writeFileSync(`/tmp/docs-render/msg-${n}.txt`, messagesOf(p).map(({ file, text }) => `${file}\t${text}`).join("\n") + "\n"); });
