/** A cache of the settings that toolchain/libvirt.sh needs. It is valid until one of the files that it was made from changes. */
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ownSetting, partOf, partsOf, projectName, readSettings, stackFile, textOf } from "./files";
import { settingsHints } from "./hints";
import { selectedIn, workspaceFiles, workspacesOf } from "./selected";

/**
 * Writes, one on a line: the state of the files, vxlab:libvirtUri, `elsewhere` when vxlab:underlays name hypervisors (else empty),
 * how many files, the files, hints.
 *
 * @param given the stack; empty: the selected one
 * @param reader the bundle of this code, which counts as one of the files
 */
export function keepAnswer(root: string, given: string, reader: string, out = answerFile(root, given)): void {
  const lines = answer(root, given, reader).map((line) => line.replaceAll("\n", " "));
  const text = `${lines.join("\n")}\n`;
  if (existsSync(out) && readFileSync(out, "utf8") === text) return;
  mkdirSync(dirname(out), { recursive: true });
  const draft = `${out}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, out);
}

const answerFile = (root: string, stack: string): string => join(root, ".vxlab", "settings", stack);

/** As `stat -c '%i %s %.Y %.Z'` prints them; a file that is not there has no line. */
function stateOf(files: readonly string[]): string {
  const second = 1_000_000_000n;
  const time = (ns: bigint): string => `${ns / second}.${String(ns % second).padStart(9, "0")}`;
  return files
    .flatMap((file) => {
      const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
      return stat === undefined
        ? []
        : [`${stat.ino} ${stat.size} ${time(stat.mtimeNs)} ${time(stat.ctimeNs)} ${file}`];
    })
    .join(" ");
}

function answer(root: string, given: string, reader: string): string[] {
  const home = join(root, ".vxlab", "pulumi-home");
  const project = join(root, "Pulumi.yaml");
  const workspaces = given === "" ? workspaceFiles(home, projectName(root)) : [];
  const stack = given || workspaces.map(selectedIn).find((one) => one !== undefined) || "lab";
  const selected = given === "" ? [workspacesOf(home), ...workspaces] : [];
  const files = [reader, project, stackFile(root, stack), ...selected];
  const state = stateOf(files); // before they are read: an edit in between is seen the next time
  const settings = readSettings(root, stack);
  const uri = textOf(ownSetting(settings, "libvirtUri")) ?? "";
  const underlays = partsOf(ownSetting(settings, "underlays"));
  const far = underlays.some((one) => textOf(partOf(one, "libvirtUri")) !== undefined);
  return [state, uri, far ? "elsewhere" : "", String(files.length), ...files, ...settingsHints(root, stack)];
}
