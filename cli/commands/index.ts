/** Every command, in the order in which the usage lists them. */
import type { Command } from "../command";
import { doctor } from "./doctor";
import { down } from "./down";
import { env } from "./env";
import { preview } from "./preview";
import { pulumi } from "./pulumi";
import { test } from "./test";
import { up } from "./up";

export const commands: readonly Command[] = [up, preview, down, env, doctor, test, pulumi];
