/** How a section of the topology (plan/section-types.ts) is declared on hosts. */
import type * as pulumi from "@pulumi/pulumi";
import type { LabPlan } from "../../plan/lab-plan";
import type { SectionName } from "../../plan/section-types";
import type { ServiceChain } from "../chain/component";
import type { Connectivity } from "../connectivity/component";
import type { Impairment } from "../impairment/component";
import type { GroundParts, TargetHost } from "./parts";

/** The components of each section. A new section is a line here. */
export interface SectionParts {
  /** By name, then by host name. */
  impairments: Record<string, Record<string, Impairment>>;
  chains: Record<string, ServiceChain>;
  checks: Record<string, Connectivity>;
}

/** What a section is declared upon. */
export interface DeclaredGround {
  labId: pulumi.Input<string>;
  hosts: readonly TargetHost[];
  /** What is declared already: containers only as `follows` says. */
  parts: GroundParts;
  parent: pulumi.Resource;
}

export interface DeclaredSection<Name extends SectionName> {
  /** Whether it is declared after a container; else before it. */
  follows(plan: LabPlan): (container: string) => boolean;
  /** @param name of the lab's component */
  declare(name: string, plan: LabPlan, ground: DeclaredGround): SectionParts[Name];
  /** What a container waits for that is declared after it. @default nothing */
  awaited?(plan: LabPlan, parts: SectionParts[Name], container: string): pulumi.Resource[];
  /** What the lab's output waits for. @default nothing */
  proved?(parts: SectionParts[Name]): pulumi.Output<unknown>[];
}
