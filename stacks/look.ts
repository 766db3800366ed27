/** Compares the hosts while the plain `pulumi` runs a program (vxlab:drift). */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { REPAIR_FILE } from "../components/repair";

/** The CLI of this checkout, which reaches the hosts. */
const VXLAB = join(__dirname, "..", "vxlab");

/** Longest time of a look, ms: less than components/repair.ts waits. */
const LOOK_MS = 120_000;

/** Starts the comparison, unless the CLI that runs this program has started one. components/repair.ts waits for its file. */
export function lookAtHosts(): void {
  if (process.env[REPAIR_FILE] !== undefined) return;
  const folder = mkdtempSync(join(tmpdir(), "vxlab-drift-"));
  const file = join(folder, "found.json");
  process.env[REPAIR_FILE] = file;
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const words = ["-q", "drift", "--stack", pulumi.getStack(), "--map", file];
  const child = spawn(VXLAB, words, { stdio: ["ignore", "ignore", "pipe"] });
  process.once("exit", () => child.kill());
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => (complaint += text.toString()));
  const end = (why: string) => {
    if (existsSync(file)) return;
    writeFileSync(file, "{}");
    void pulumi.log.warn(`The hosts were not compared: ${why}`);
  };
  const timer = setTimeout(() => {
    end(`no answer within ${LOOK_MS / 1000} s`);
    child.kill();
    child.stderr.destroy();
  }, LOOK_MS);
  child.once("error", (error) => end(error.message));
  child.once("close", () => clearTimeout(timer));
  child.once("close", () => end(complaint.trim().split("\n").at(-1) ?? ""));
}
