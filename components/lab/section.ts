/** How a section of the topology (plan/section-types.ts) is declared on hosts. */
import type * as pulumi from "@pulumi/pulumi";
import type { LabPlan } from "../../plan/lab-plan";
import type { GroundParts, TargetHost } from "./parts";

/** What a section is declared upon. */
export interface DeclaredGround {
  labId: pulumi.Input<string>;
  hosts: readonly TargetHost[];
  /** What is declared already: containers only as `follows` says. */
  parts: GroundParts;
  parent: pulumi.Resource;
}

/** @typeParam Parts its components, by name */
export interface DeclaredSection<Parts> {
  /** Whether it is declared after a container; else before it. */
  follows(plan: LabPlan): (container: string) => boolean;
  /** @param name of the lab's component */
  declare(name: string, plan: LabPlan, ground: DeclaredGround): Parts;
  /** What a container waits for that is declared after it. @default nothing */
  awaited?(plan: LabPlan, parts: Parts, container: string): pulumi.Resource[];
  /** What the lab's output waits for. @default nothing */
  proved?(parts: Parts): pulumi.Output<unknown>[];
}
