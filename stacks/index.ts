/**
 * The programs, by the role that `vxlab:role` gives a stack. A program returns the stack's outputs. Only the program of the stack's role is
 * loaded.
 */
import { readConfig, readDrift, readOverlayConfig, veiling } from "../config";
import { Role } from "../plan/roles";
import { lookAtHosts } from "./look";

export const programs: Record<Role, () => Promise<object>> = {
  [Role.Lab]: () => looking(async () => (await import("./lab")).labStack(readConfig())),
  [Role.Underlay]: () => veiling(async () => (await import("./underlay")).underlayStack(readConfig())),
  [Role.Overlay]: () => looking(async () => (await import("./overlay")).overlayStack(readOverlayConfig())),
};

/** Runs a program that has steps on hosts. */
function looking<T>(program: () => Promise<T>): Promise<T> {
  if (readDrift()) lookAtHosts();
  return veiling(program);
}
