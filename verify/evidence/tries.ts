/** The settings' own checks: the command that tries them on a host, and their results. */
import { ConnectivityKind } from "../../components/connectivity/spec";
import { connectivityState } from "../../components/connectivity/state";
import { PROTOCOL } from "../../guest/protocol";
import type { CheckEnvelope } from "../../guest/protocol";
import { scriptCommand } from "../../guest/quote";
import type { CheckFacts } from "../../plan/types";
import { scriptText } from "./scripts";
import { sections } from "./text";

export interface Tried {
  ok: boolean;
  /** What was seen, in words. */
  got: string;
}

/** Longest wait for a check, seconds. The lab is deployed already, so it need not be long. */
export const LONGEST_TRY = 15;

/** @param lab the lab's id */
export function triesCommand(lab: string, checks: readonly CheckFacts[]): string {
  const isAlone = ({ kind }: CheckFacts) => kind === ConnectivityKind.Throughput;
  const sorted = [...checks].sort((a, b) => Number(isAlone(a)) - Number(isAlone(b)));
  const args = sorted.flatMap((check) => [
    check.name,
    isAlone(check) ? "alone" : "together",
    JSON.stringify(envelopeOf(lab, check)),
  ]);
  return scriptCommand(scriptText("tries.sh"), args);
}

function envelopeOf(lab: string, { within, ...check }: CheckFacts): CheckEnvelope {
  const state = connectivityState({ ...check, within: Math.min(within, LONGEST_TRY) });
  return { v: PROTOCOL, id: `verify-${check.name}`, lab, state };
}

/** The answer of tries.sh, by the name of each check. */
export function parseTries(text: string): Map<string, Tried> {
  return new Map(sections(text).map(({ words: [name = "", code], body }) => [name, parseTry(body, code)]));
}

/** On success a line of JSON, else a sentence (guest/lib.sh, fail). */
function parseTry(body: string, code: string | undefined): Tried {
  const lines = body.split("\n");
  const seen = /"seen":"([^"]*)"/.exec(lines.find((line) => line.startsWith("{")) ?? "")?.[1];
  if (code === "0" && seen !== undefined) return { ok: true, got: seen };
  const sentence = lines.find((line) => line.startsWith("vxlab: ")) ?? `the guest tools say: ${lines[0]}`;
  return { ok: false, got: sentence.replace(/^vxlab: (check [^:]*: )?/, "") };
}
