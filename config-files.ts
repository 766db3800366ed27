/** Checks files that settings name, where Pulumi runs: keys to existing hosts, images of machines and of Docker. */
import { accessSync, closeSync, constants, openSync, readFileSync, readSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { CONTAINER_KINDS, isContainerKind } from "./components/container/kinds";
import { LARGE_FILE_CURE, sizeFault } from "./components/container/resolve-content";
import { CONTAINER } from "./components/container/spec";
import { keyFilePath } from "./components/host/resolve-existing";
import { EXISTING } from "./components/host/spec";
import { isText, pathOf, sortedEntries } from "./plan/rules";
import type { Problem, Topology } from "./plan/types";

/** Values of the wrong form are left to the plan, which refuses them. */
export function checkFiles(topology: Topology): Problem[] {
  return [
    ...sortedEntries(topology.hosts).flatMap(([name, { existing }]) =>
      existing === undefined
        ? []
        : checkKeyFile(pathOf("hosts", name, "existing", "keyFile"), existing.keyFile),
    ),
    ...checkArchives(topology.containers),
  ];
}

/** Files that containers are made from. @param containers of any form: only those of the right form are checked */
export function checkArchives(containers: unknown): Problem[] {
  if (typeof containers !== "object" || containers === null) return [];
  return sortedEntries(containers as Record<string, unknown>).flatMap(([name, one]) => {
    const settings = (one ?? {}) as Record<string, unknown>;
    const contents = checkContents(name, settings["files"]);
    const kind = settings["kind"] ?? CONTAINER.kind.default;
    const file = isContainerKind(kind) ? CONTAINER_KINDS[kind].file : undefined;
    if (file === undefined) return contents;
    return [
      ...contents,
      ...checkArchive(pathOf("containers", name, file.key), settings[file.key], file.holds),
    ];
  });
}

/** Local files that are put into a container. */
function checkContents(container: string, files: unknown): Problem[] {
  if (typeof files !== "object" || files === null) return [];
  return sortedEntries(files as Record<string, unknown>).flatMap(([target, one]) => {
    const got = ((one ?? {}) as Record<string, unknown>)["path"];
    if (!isText(got)) return [];
    const absent = archiveFault(got);
    const message = absent ?? sizeFault(statSync(got).size);
    const cure = absent === undefined ? LARGE_FILE_CURE : `Put it at ${resolve(got)}, or correct the path.`;
    const path = pathOf("containers", container, "files", target, "path");
    return message === undefined ? [] : [{ path, got, message, cure }];
  });
}

function checkKeyFile(path: string, got: unknown): Problem[] {
  const keyFile = got ?? EXISTING.keyFile.default;
  if (!isText(keyFile)) return [];
  const file = resolve(keyFilePath(keyFile, homedir()));
  const message = keyFault(file);
  const cure = `Put a private key without a passphrase at ${file}, with mode 0600, or write another path.`;
  return message === undefined ? [] : [{ path, got, message, cure }];
}

function keyFault(file: string): string | undefined {
  try {
    const text = readFileSync(file, "latin1");
    if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return "Is not a private key.";
    if (isEncrypted(text)) return "Is encrypted, but a deployment cannot ask for a passphrase.";
    const mode = statSync(file).mode & 0o777;
    return (mode & 0o077) === 0
      ? undefined
      : `Is readable by other users (mode ${mode.toString(8)}): ssh refuses it.`;
  } catch (error) {
    return absence(error);
  }
}

/** OpenSSH's own form begins with its name and the cipher's, each with its length (PROTOCOL.key); PEM has it as text. */
function isEncrypted(text: string): boolean {
  if (!text.includes("BEGIN OPENSSH PRIVATE KEY")) return text.includes("ENCRYPTED");
  const body = Buffer.from(text.replace(/-----[^-]+-----/g, ""), "base64");
  const cipher = "openssh-key-v1\0".length + 4;
  return body.toString("latin1", cipher, cipher + 4) !== "none";
}

function checkArchive(path: string, got: unknown, holds: string): Problem[] {
  const message = isText(got) ? archiveFault(got) : undefined;
  const cure = `Put ${holds} at ${resolve(String(got))}, or correct the path.`;
  return message === undefined ? [] : [{ path, got, message, cure }];
}

function archiveFault(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK);
    return statSync(file).isFile() ? undefined : "Is not a file.";
  } catch (error) {
    return absence(error);
  }
}

function absence(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" ? "There is no such file." : `Cannot be read (${code}).`;
}

/** Only if it is text; the plan refuses anything else. */
export function checkImageFile(got: unknown): Problem[] {
  if (typeof got !== "string" || got === "" || got.includes("\0")) return [];
  const message = imageFault(got);
  const cure = `Put a qcow2 image at ${resolve(got)}, or correct the path.`;
  return message === undefined ? [] : [{ path: "image.path", got, message, cure }];
}

/** The first bytes of every qcow2 file (QEMU, docs/interop/qcow2.rst). */
const QCOW2_MAGIC = Buffer.from("QFI\xfb", "latin1");

function imageFault(path: string): string | undefined {
  try {
    const file = openSync(path, "r");
    try {
      const head = Buffer.alloc(QCOW2_MAGIC.length);
      readSync(file, head, 0, head.length, 0);
      return head.equals(QCOW2_MAGIC) ? undefined : "Is not a qcow2 image.";
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return absence(error);
  }
}
