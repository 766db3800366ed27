/**
 * The programs, by the role that `vxlab:role` gives a stack. What a program returns are the stack's outputs. Only the program that
 * runs is loaded.
 */
import { readConfig, readOverlayConfig } from "../config";
import { Role } from "../plan/roles";

export const programs: Record<Role, () => Promise<object>> = {
  [Role.Lab]: async () => (await import("./lab")).labStack(readConfig()),
  [Role.Underlay]: async () => (await import("./underlay")).underlayStack(readConfig()),
  [Role.Overlay]: async () => (await import("./overlay")).overlayStack(readOverlayConfig()),
};
