/** How a section of the topology (plan/section-types.ts) is declared on hosts. */
import type * as pulumi from "@pulumi/pulumi";
import type { LabPlan } from "../../plan/lab-plan";
import type { DeclaredHost, GroundParts } from "./parts";

/** What a section's declaration gets. */
export interface DeclaredGround {
  labId: pulumi.Input<string>;
  hosts: readonly DeclaredHost[];
  /** What is declared already; of containers, those that `follows` names. */
  parts: GroundParts;
  /** Of the sections before it. */
  sections: readonly pulumi.Resource[];
  parent: pulumi.Resource;
}

/** By name of an entry, or by name and host. */
export type ByName = Record<string, pulumi.Resource | Record<string, pulumi.Resource>>;

/** @typeParam Parts its components */
export interface DeclaredSection<Parts extends ByName> {
  /** True for the containers that are declared before it; the others are declared after it. */
  follows(plan: LabPlan): (container: string) => boolean;
  /** @param name of the lab's component */
  declare(name: string, plan: LabPlan, ground: DeclaredGround): Parts;
  /** What a container that is declared after it waits for. @default nothing */
  awaited?(plan: LabPlan, parts: Parts, container: string): pulumi.Resource[];
  /** What the lab's output waits for. @default nothing */
  proved?(parts: Parts): pulumi.Output<unknown>[];
}
