// command:remote:Command: runs a command on another machine by SSH.
import { connectionOf } from "./connection";
import { Output, quoted } from "./lines";
import type { Outputs, Runner } from "./command";
import { Pool } from "./pool";
import type { Exit, Session } from "./session";
import type { Context } from "../lib/provider";
import { asText, isObject, reveal } from "../lib/value";
import type { Props } from "../lib/value";

const pool = new Pool();

export const runRemote: Runner = async (command, inputs, previous, context) => {
  const { session, done } = await pool.session(connectionOf(inputs.connection), context.signal, context.log);
  let healthy = false;
  try {
    await setEnvironment(session, inputs, previous, context);
    const ran = await run(session, command, inputs, context);
    healthy = true;
    if ("error" in ran) throw new Error(ran.error);
    return ran;
  } finally {
    session.close();
    done(healthy);
  }
};

async function run(
  session: Session,
  command: string,
  inputs: Props,
  context: Context,
): Promise<Outputs | { error: string }> {
  const logging = reveal(inputs.logging ?? null);
  const output = new Output(typeof logging === "string" ? logging : undefined, context.log);
  const stdin = reveal(inputs.stdin ?? null);
  const exit = await session.run(command, typeof stdin === "string" ? stdin : undefined, (s, d) =>
    output.add(s, d),
  );
  output.end();
  if (exit.code === 0) return { stdout: output.text("stdout"), stderr: output.text("stderr") };
  return { error: `${exitText(exit)}: running ${quoted(command)}:\n${output.both()}` };
}

// golang.org/x/crypto/ssh: Waitmsg.String
const signals: { [name: string]: number } = {
  ABRT: 6,
  ALRM: 14,
  FPE: 8,
  HUP: 1,
  ILL: 4,
  INT: 2,
  KILL: 9,
  PIPE: 13,
  QUIT: 3,
  SEGV: 11,
  TERM: 15,
};

function exitText(exit: Exit): string {
  if (exit.signal === undefined) {
    if (exit.code === undefined) return "wait: remote command exited without exit status or exit signal";
    return `Process exited with status ${String(exit.code)}`;
  }
  const code = 128 + (signals[exit.signal] ?? 0);
  const reason = exit.reason ? `. Reason was: ${exit.reason}` : "";
  return `Process exited with status ${String(code)} from signal ${exit.signal}${reason}`;
}

const cure = (name: string): string =>
  `Unable to set '${name}'. This only works if your SSH server is configured to accept\n` +
  "\tthese variables via AcceptEnv. Alternatively, if a Bash-like shell runs the command on the remote host, you could\n" +
  "\tprefix the command itself with the variables in the form 'VAR=value command'";

async function setEnvironment(
  session: Session,
  inputs: Props,
  previous: Outputs,
  context: Context,
): Promise<void> {
  const environment = reveal(inputs.environment ?? null);
  for (const [name, value] of Object.entries(isObject(environment) ? environment : {})) {
    if (await session.setenv(name, asText(value))) continue;
    context.log.say("error", cure(name));
    throw new Error(`could not set environment variable ${quoted(name)}: ssh: setenv failed`);
  }
  if (reveal(inputs.addPreviousOutputInEnv ?? null) === false) return;
  const outputs = { PULUMI_COMMAND_STDOUT: previous.stdout, PULUMI_COMMAND_STDERR: previous.stderr };
  for (const [name, value] of Object.entries(outputs)) {
    if (value !== "" && !(await session.setenv(name, value))) context.log.say("warning", cure(name));
  }
}
