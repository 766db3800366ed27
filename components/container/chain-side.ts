/**
 * The side of a transparent middle box of a chain.
 *
 * @example
 * ```ts
 * const fw: ContainerSpec = { host: "kvm1", interfaces: [{ chain: ChainSide.In }, { chain: ChainSide.Out }] };
 * ```
 */
export enum ChainSide {
  In = "in",
  Out = "out",
}
