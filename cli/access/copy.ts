/** Files and folders through a command that reads or writes a tar archive of one entry. */
import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { pipeline, type Readable, type Writable } from "node:stream";
import { Exit, Fault } from "../exit";
import type { RemoteProcess } from "./remote";

export interface Source {
  folder: string;
  name: string;
}

/** @throws Fault when it is not there */
export function sourceOf(path: string): Source {
  const whole = resolve(path);
  if (lstatSync(whole, { throwIfNoEntry: false }) === undefined)
    throw new Fault(Exit.usage, `there is no file or folder ${path}`);
  if (basename(whole) === "") throw new Fault(Exit.usage, `${path}: name a file or a folder below /`);
  return { folder: dirname(whole), name: basename(whole) };
}

/** Packs the source into the command. @throws Fault with what the command or tar has said */
export async function send(far: RemoteProcess, { folder, name }: Source): Promise<void> {
  const tar = spawn("tar", ["-cf", "-", "-C", folder, "--", `./${name}`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  joined(tar.stdout, far.stdin);
  far.stdout.resume();
  await both(far, tar);
}

/**
 * Unpacks what the command writes to `target`, or into it when that is a folder. The archive is not trusted: it is unpacked in an
 * empty folder first, and only the requested entry is moved out of it.
 */
export async function receive(far: RemoteProcess, name: string, target: string): Promise<void> {
  const whole = resolve(target);
  const inside = existsSync(whole) && statSync(whole).isDirectory();
  if (!inside && (target.endsWith("/") || !existsSync(dirname(whole)))) {
    far.kill();
    throw new Fault(Exit.usage, `there is no folder ${target.endsWith("/") ? target : dirname(whole)}`);
  }
  const draft = mkdtempSync(join(inside ? whole : dirname(whole), ".vxlab-"));
  try {
    far.stdin.end();
    const tar = spawn("tar", ["-xof", "-", "-C", draft], { stdio: ["pipe", "ignore", "pipe"] });
    joined(far.stdout, tar.stdin);
    await both(far, tar);
    const found = readdirSync(draft);
    if (found.length !== 1 || found[0] !== name)
      throw new Fault(
        Exit.failed,
        `the archive must contain ${name} only, and contains: ${found.join(", ")}`,
      );
    const end = inside ? join(whole, name) : whole;
    cpSync(join(draft, name), end, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** The reader may end first: the writer then gets SIGPIPE instead of waiting forever, and the exit codes tell which one failed. */
function joined(from: Readable, to: Writable): void {
  pipeline(from, to, () => undefined);
}

/** The remote error comes first: it names the cause. */
async function both(far: ChildProcess, tar: ChildProcess): Promise<void> {
  const faults = (await Promise.all([far, tar].map(faultOf))).filter((fault) => fault !== undefined);
  if (faults[0] !== undefined) throw new Fault(Exit.failed, faults[0]);
}

function faultOf(child: ChildProcess): Promise<string | undefined> {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
  return new Promise((done) => {
    child.once("error", (error) => done(error.message));
    child.once("close", (code) =>
      done(code === 0 ? undefined : said.trim() || `the copy ended with code ${code}`),
    );
  });
}
