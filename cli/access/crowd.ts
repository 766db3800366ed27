import { availableParallelism, loadavg } from "node:os";

/**
 * How much longer limits are: this computer, which runs most labs' machines, may have more to do than it can. From 1 to 4.
 */
export const crowd = (): number => Math.min(4, Math.max(1, (loadavg()[0] ?? 0) / availableParallelism()));
