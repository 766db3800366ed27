/** How a section of the topology (plan/section-types.ts) is declared on hosts. */
import type * as pulumi from "@pulumi/pulumi";
import type { LabPlan } from "../../plan/lab-plan";
import type { DeclaredHost, GroundParts } from "./parts";

/** What a section is declared upon. */
export interface DeclaredGround {
  labId: pulumi.Input<string>;
  hosts: readonly DeclaredHost[];
  /** What is declared already: containers only as `follows` says. */
  parts: GroundParts;
  /** Of the sections before it. */
  sections: readonly pulumi.Resource[];
  parent: pulumi.Resource;
}

/** By name of an entry, or by that and the host. */
export type ByName = Record<string, pulumi.Resource | Record<string, pulumi.Resource>>;

/** @typeParam Parts its components */
export interface DeclaredSection<Parts extends ByName> {
  /** Whether it is declared after a container; else before it. */
  follows(plan: LabPlan): (container: string) => boolean;
  /** @param name of the lab's component */
  declare(name: string, plan: LabPlan, ground: DeclaredGround): Parts;
  /** What a container waits for that is declared after it. @default nothing */
  awaited?(plan: LabPlan, parts: Parts, container: string): pulumi.Resource[];
  /** What the lab's output waits for. @default nothing */
  proved?(parts: Parts): pulumi.Output<unknown>[];
}
