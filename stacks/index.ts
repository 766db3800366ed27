/**
 * The programs, by the role that `vxlab:role` gives a stack. What a program returns are the stack's outputs. Only the program that
 * runs is loaded.
 */
import { readConfig, readOverlayConfig, veiling } from "../config";
import { Role } from "../plan/roles";

export const programs: Record<Role, () => Promise<object>> = {
  [Role.Lab]: () => veiling(async () => (await import("./lab")).labStack(readConfig())),
  [Role.Underlay]: () => veiling(async () => (await import("./underlay")).underlayStack(readConfig())),
  [Role.Overlay]: () => veiling(async () => (await import("./overlay")).overlayStack(readOverlayConfig())),
};
