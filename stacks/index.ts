/** The programs, by the role that `vxlab:role` gives a stack. What a program returns are the stack's outputs. */
import { readConfig, readOverlayConfig, veiling } from "../config";
import { Role } from "../plan/roles";
import { labStack } from "./lab";
import { overlayStack } from "./overlay";
import { underlayStack } from "./underlay";

export const programs: Record<Role, () => object> = {
  [Role.Lab]: () => veiling(() => labStack(readConfig())),
  [Role.Underlay]: () => veiling(() => underlayStack(readConfig())),
  [Role.Overlay]: () => veiling(() => overlayStack(readOverlayConfig())),
};
