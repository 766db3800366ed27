/** Settings of what is inside a container: files, commands, routes. */
import type { Fields } from "../../plan/setting";

/**
 * A file in a container.
 *
 * @example
 * ```ts
 * const file: FileSpec = { content: "hello\n", mode: "0600", owner: "root:root" };
 * ```
 */
export interface FileSpec {
  /** What it holds, as text; this or path. @default none */
  content?: string;
  /** What it holds, as a file on the machine that runs Pulumi; this or content. @default none */
  path?: string;
  /** Its permissions, octal in quotes. @default 0644 */
  mode?: string;
  /** Its user, or user:group: names of the container, or numbers. @default 0:0 */
  owner?: string;
}

/**
 * A command that runs in a container after each change.
 *
 * @example
 * ```ts
 * const reload: ExecSpec = { command: ["nginx", "-s", "reload"], timeout: 10 };
 * ```
 */
export interface ExecSpec {
  /** A program and its arguments. */
  command: string[];
  /** Then it is ended, and the step fails; 1 to 500 seconds. @default 60 */
  timeout?: number;
}

/**
 * A route of a container.
 *
 * @example
 * ```ts
 * const route: RouteSpec = { to: "10.9.0.0/24", via: "10.0.3.254" };
 * ```
 */
export interface RouteSpec {
  /** Destination, an IPv4 or IPv6 network or address. */
  to: string;
  /** The router's address, in a segment of the container. */
  via: string;
}

/**
 * The protocol of a port of a host that leads to a container.
 *
 * @example
 * ```ts
 * const dns: ContainerPortArgs = { port: 5353, to: 53, protocol: PortProtocol.Udp };
 * ```
 */
export enum PortProtocol {
  Tcp = "tcp",
  Udp = "udp",
}

export const FILE = {
  content: { kind: "text", doc: "what it holds, as text; this or `path`" },
  path: { kind: "text", doc: "what it holds, as a file on the machine that runs Pulumi; this or `content`" },
  mode: { kind: "text", default: "0644", doc: "its permissions, octal in quotes" },
  owner: {
    kind: "text",
    default: "0:0",
    doc: "its user, or `user:group`: names of the container, or numbers",
  },
} as const satisfies Fields<FileSpec>;

export const EXEC = {
  command: { kind: "list", required: true, doc: "a program and its arguments" },
  timeout: {
    kind: "integer",
    min: 1,
    max: 500,
    unit: "seconds",
    default: 60,
    doc: "then it is ended, and the step fails",
  },
} as const satisfies Fields<ExecSpec>;

export const ROUTE = {
  to: { kind: "text", required: true, doc: "destination, an IPv4 or IPv6 network or address" },
  via: { kind: "text", required: true, doc: "the router's address, in a segment of the container" },
} as const satisfies Fields<RouteSpec>;
