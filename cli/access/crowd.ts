import { availableParallelism, loadavg } from "node:os";

/**
 * The factor by which time limits are longer when this computer, which runs most labs' machines, is busy. From 1 to 4.
 */
export const busyFactor = (): number =>
  Math.min(4, Math.max(1, (loadavg()[0] ?? 0) / availableParallelism()));
