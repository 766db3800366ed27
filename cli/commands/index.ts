/** Every command, in the order in which the usage lists them. */
import type { Command } from "../command";
import { capture } from "./capture";
import { completion } from "./completion";
import { doctor } from "./doctor";
import { down } from "./down";
import { env } from "./env";
import { exec } from "./exec";
import { graph } from "./graph";
import { preview } from "./preview";
import { pulumi } from "./pulumi";
import { ssh } from "./ssh";
import { status } from "./status";
import { test } from "./test";
import { up } from "./up";
import { verify } from "./verify";

export const commands: readonly Command[] = [
  ...[up, preview, down],
  ...[verify, status, graph, ssh, exec, capture],
  ...[env, doctor, test, pulumi, completion],
];
