/** The toolchain's interface for the CLI: complete the machine, set Pulumi up, list what is installed. */
export { aptLine } from "./machine/apt";
export { machineCompletion, shortage } from "./machine/complete";
export type { Piece, Source } from "./pieces/piece";
export { examine, remedy, requirements, type Finding, type When } from "./machine/requirements";
export { completeToolchain } from "./setup/set-up";
export { otherVersions } from "./setup/other-versions";
export { readPieces } from "./setup/stamp";
