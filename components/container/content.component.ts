/** Files and commands of a container of any kind, as a program gives them. */
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { sortedEntries } from "../../plan/rules";
import { LARGE_FILE_CURE, sizeFault } from "./resolve-content";
import type { Topology } from "../../plan/settings";
import type { ContainerSpec } from "./spec";
import { EXEC, FILE } from "./spec-inside";
import type { FileSpec } from "./spec-inside";
import type { ContainerState, FileState, Secrets } from "./thing";

/**
 * A file that is put into a container.
 *
 * @example
 * ```ts
 * const file: ContainerFileArgs = { content: "hello\n", mode: "0600" };
 * ```
 */
export interface ContainerFileArgs {
  /** What it holds, as text. A secret stays one. This or `path`. @default none */
  content?: pulumi.Input<string>;
  /** What it holds, as a file where Pulumi runs. This or `content`. @default none */
  path?: pulumi.Input<string>;
  /** Permissions, octal. @default "0644" */
  mode?: pulumi.Input<string>;
  /** `user`, or `user:group`: names of the container, or numbers. @default "0:0" */
  owner?: pulumi.Input<string>;
}

/**
 * A command that runs in a container, as its root.
 *
 * @example
 * ```ts
 * const reload: ContainerExecArgs = { command: ["nginx", "-s", "reload"] };
 * ```
 */
export interface ContainerExecArgs {
  /** A program and its arguments. */
  command: pulumi.Input<pulumi.Input<string>[]>;
  /** It is ended after this time, and the step fails; seconds. @default 60 */
  timeout?: pulumi.Input<number>;
}

/**
 * A route of a container.
 *
 * @example
 * ```ts
 * const route: ContainerRouteArgs = { to: "10.9.0.0/24", via: "10.0.3.254" };
 * ```
 */
export interface ContainerRouteArgs {
  /** Network with prefix length, IPv4 or IPv6; `::/0` for IPv6's default route. */
  to: pulumi.Input<string>;
  /** Address of the router, on a network of the container. */
  via: pulumi.Input<string>;
}

/**
 * A kernel setting of a container's network.
 *
 * @example
 * ```ts
 * const forwarding: ContainerSysctlArgs = { name: "net/ipv4/ip_forward", value: "1" };
 * ```
 */
export interface ContainerSysctlArgs {
  /** Path below /proc/sys/net. */
  name: pulumi.Input<string>;
  /** Its value. */
  value: pulumi.Input<string>;
}

/** What can be put into a container of any kind. */
export interface ContentArgs {
  /** Files by their path in the container, at most 256 KiB each. @default none */
  files?: pulumi.Input<Record<string, pulumi.Input<ContainerFileArgs>>>;
  /** Commands that run after its start, and after each change of these or of `files`. @default none */
  exec?: pulumi.Input<pulumi.Input<ContainerExecArgs>[]>;
  routes?: pulumi.Input<pulumi.Input<ContainerRouteArgs>[]>;
  sysctls?: pulumi.Input<pulumi.Input<ContainerSysctlArgs>[]>;
}

/** What the step gets of them, and what a preview shows. */
export interface ContentParts {
  state: pulumi.Output<Pick<ContainerState, "files" | "exec" | "routes" | "sysctls">>;
  /** Contents of the files; undefined if there are none. */
  contents?: pulumi.Output<string[]>;
  /** Each file with a short hash: previews never show the contents. */
  shown: { files?: pulumi.Output<Record<string, string>>; exec?: ContentArgs["exec"] };
}

interface ReadFile extends FileState {
  content: string;
  size: number;
}

/** @param container for errors */
export function contentParts(container: string, { files, exec, routes, sysctls }: ContentArgs): ContentParts {
  const read =
    files === undefined
      ? undefined
      : pulumi
          .output(files)
          .apply((known) => sortedEntries(known).map(([target, one]) => readFile(container, target, one)));
  const commands = pulumi
    .output(exec ?? [])
    .apply((known) => known.map(({ command, timeout = EXEC.timeout.default }) => ({ command, timeout })));
  const states = (read ?? pulumi.output<ReadFile[]>([])).apply((all) =>
    all.map(({ path, mode, owner, sha256 }): FileState => ({ path, mode, owner, sha256 })),
  );
  return {
    state: pulumi
      .all([states, commands, routes ?? [], sysctls ?? []])
      .apply(([known, run, ways, settings]) => ({
        files: known,
        exec: run,
        routes: ways,
        sysctls: settings,
      })),
    ...(read === undefined ? {} : { contents: read.apply((all) => all.map(({ content }) => content)) }),
    shown: {
      ...(read === undefined
        ? {}
        : { files: read.apply((all) => Object.fromEntries(all.map((one) => [one.path, summaryOf(one)]))) }),
      ...(exec === undefined ? {} : { exec }),
    },
  };
}

/** What a step gets beside its state; undefined if there is nothing. */
export function stepSecrets(
  env: pulumi.Output<string[]> | undefined,
  { contents }: ContentParts,
): pulumi.Output<Secrets | undefined> | undefined {
  if (env === undefined && contents === undefined) return undefined;
  return pulumi.all([env ?? [], contents ?? []]).apply(([variables, files]) => {
    if (variables.length + files.length === 0) return undefined;
    return {
      ...(variables.length === 0 ? {} : { env: variables }),
      ...(files.length === 0 ? {} : { contents: files }),
    };
  });
}

function summaryOf({ sha256, size, mode, owner }: ReadFile): string {
  return `${sha256.slice(0, 12)}, ${size} bytes, ${mode} ${owner}`;
}

function readFile(container: string, target: string, given: pulumi.Unwrap<ContainerFileArgs>): ReadFile {
  const { content, path, mode = FILE.mode.default, owner = FILE.owner.default } = given;
  const written = content === undefined ? undefined : Buffer.from(content, "utf8");
  const bytes = path === undefined ? written : bytesOf(path);
  if (bytes === undefined || (written !== undefined && path !== undefined))
    throw new pulumi.RunError(`The file ${target} of container ${container} takes one of content and path.`);
  const fault = sizeFault(bytes.length);
  if (fault !== undefined)
    throw new pulumi.RunError(`The file ${target} of container ${container}: ${fault} ${LARGE_FILE_CURE}`);
  return {
    ...{ path: target, mode, owner, size: bytes.length },
    sha256: createHash("sha256").update(bytes).digest("hex"),
    content: bytes.toString("base64"),
  };
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new pulumi.RunError(`The file ${resolve(path)} for a container cannot be read (${code}).`);
  }
}

/** Longest text of a file that a preview shows. */
const SHOWN = 80;

/** A topology as a preview shows it: long contents of files by their hash. */
export function withoutContents(topology: Partial<Topology>): Partial<Topology> {
  const { containers } = topology;
  const long = (file: FileSpec | undefined) => String(file?.content ?? "").length > SHOWN;
  const has = Object.values(containers ?? {}).some((one) => Object.values(one?.files ?? {}).some(long));
  if (containers === undefined || !has) return topology;
  const brief = (file: FileSpec) => (long(file) ? { ...file, content: hashed(String(file.content)) } : file);
  const mapped = sortedEntries(containers).map(([name, one]): [string, ContainerSpec] => {
    if (one?.files === undefined) return [name, one];
    const files = sortedEntries(one.files).map(([at, file]): [string, FileSpec] => [at, brief(file)]);
    return [name, { ...one, files: Object.fromEntries(files) }];
  });
  return { ...topology, containers: Object.fromEntries(mapped) };
}

const hashed = (text: string) => `sha256 ${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
