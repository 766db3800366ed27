/** What the rest of the project may ask of the toolchain: complete the machine, set Pulumi up, list what is there. */
export { aptLine } from "./apt";
export { completeMachine, shortage } from "./complete";
export type { Piece, Source } from "./pieces";
export { examine, remedy, requirements, type Finding, type When } from "./requirements";
export { completeToolchain, readPieces } from "./setup";
