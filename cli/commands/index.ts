/** Every command, in the order in which the usage lists them. */
import type { Command } from "../command";
import { capture } from "./capture";
import { completion } from "./completion";
import { cp } from "./cp";
import { doctor } from "./doctor";
import { down } from "./down";
import { drift } from "./drift";
import { env } from "./env";
import { exec } from "./exec";
import { forget } from "./forget";
import { forward } from "./forward";
import { graph } from "./graph";
import { inventory } from "./inventory";
import { logs } from "./logs";
import { measure } from "./measure";
import { preview } from "./preview";
import { pulumi } from "./pulumi";
import { restart } from "./restart";
import { ssh } from "./ssh";
import { status } from "./status";
import { test } from "./test";
import { up } from "./up";
import { verify } from "./verify";

export const commands: readonly Command[] = [
  ...[up, preview, down, forget],
  ...[verify, drift, measure, status, graph, ssh, exec, logs, cp, forward, capture, restart, inventory],
  ...[env, doctor, test, pulumi, completion],
];
