/** The YAML language server that editors start, over stdio (Language Server Protocol 3.17). */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { StreamMessageReader, StreamMessageWriter, createMessageConnection } from "vscode-jsonrpc/node";

const ROOT = join(__dirname, "../..");
/** Longest wait for a file to be looked at, ms. */
const LIMIT = 20_000;

/** What an editor underlines. */
interface Underline {
  /** From 1. */
  line: number;
  /** The underlined text, if it is in one line. */
  text: string;
  message: string;
}

interface Range {
  start: { line: number; character: number };
  end: { line: number; character: number };
}

interface Published {
  uri: string;
  diagnostics: { range: Range; message: string }[];
}

export interface LanguageServer {
  /** What is underlined in a file of the repository's root, which need not exist. */
  underlines(file: string, text: string): Promise<Underline[]>;
  /** What is offered at the end of a text. */
  offers(file: string, text: string): Promise<string[]>;
  stop(): void;
}

export async function languageServer(): Promise<LanguageServer> {
  const program = join(ROOT, "node_modules/yaml-language-server/bin/yaml-language-server");
  const child = spawn(process.execPath, [program, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  const wire = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  const waiting = new Map<string, (found: Published) => void>();
  wire.onNotification("textDocument/publishDiagnostics", (found: Published) =>
    waiting.get(found.uri)?.(found),
  );
  wire.onRequest("workspace/configuration", ({ items }: { items: { section?: string }[] }) =>
    items.map(({ section }) => (section === "yaml" ? editorSettings() : null)),
  );
  wire.onRequest("client/registerCapability", () => null);
  wire.listen();
  await wire.sendRequest("initialize", {
    processId: process.pid,
    rootUri: pathToFileURL(ROOT).href,
    workspaceFolders: [{ uri: pathToFileURL(ROOT).href, name: "vxlab" }],
    capabilities: { workspace: { configuration: true, workspaceFolders: true }, textDocument: {} },
  });
  await wire.sendNotification("initialized", {});
  await wire.sendNotification("workspace/didChangeConfiguration", { settings: { yaml: editorSettings() } });

  const open = async (file: string, text: string): Promise<Published> => {
    const uri = pathToFileURL(join(ROOT, file)).href;
    const published = new Promise<Published>((resolve, reject) => {
      waiting.set(uri, resolve);
      setTimeout(() => reject(new Error(`nothing said of ${file} in ${LIMIT} ms`)), LIMIT).unref();
    });
    await wire.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId: "yaml", version: 1, text },
    });
    return published;
  };
  return {
    underlines: async (file, text) => {
      const { diagnostics } = await open(file, text);
      return diagnostics.map(({ range, message }) => underline(text, range, message));
    },
    offers: async (file, text) => {
      const { uri } = await open(file, text);
      const lines = text.split("\n");
      const position = { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
      const offered = await wire.sendRequest<{ items: { label: string }[] }>("textDocument/completion", {
        textDocument: { uri },
        position,
      });
      return offered.items.map(({ label }) => label);
    },
    stop: () => {
      wire.dispose();
      child.kill();
    },
  };
}

/** As the repository gives them to Visual Studio Code. */
function editorSettings(): unknown {
  const given = JSON.parse(readFileSync(join(ROOT, ".vscode/settings.json"), "utf8")) as Record<
    string,
    unknown
  >;
  return { schemas: given["yaml.schemas"], validate: true, completion: true, schemaStore: { enable: false } };
}

function underline(text: string, { start, end }: Range, message: string): Underline {
  const line = text.split("\n")[start.line] ?? "";
  return {
    line: start.line + 1,
    text: line.slice(start.character, start.line === end.line ? end.character : undefined),
    message,
  };
}
