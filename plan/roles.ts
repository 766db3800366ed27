/** What a stack holds of a lab, and the order that follows from it. */

/** `vxlab:role`. */
export enum Role {
  /** Machines and overlay in one state. */
  Lab = "lab",
  /** Machines only; the stack's outputs give overlays their addresses. */
  Underlay = "underlay",
  /** Bridges, tunnels and containers on the machines of an underlay stack. */
  Overlay = "overlay",
}

const ORDER: readonly Role[] = [Role.Underlay, Role.Lab, Role.Overlay];

/**
 * Stacks in the order in which they are deployed: overlays read all underlays, and nothing reads an overlay. The order
 * within a role stays as it is.
 */
export function inOrder<T>(stacks: readonly T[], roleOf: (stack: T) => Role): T[] {
  return ORDER.flatMap((role) => stacks.filter((stack) => roleOf(stack) === role));
}
