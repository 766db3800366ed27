/** The setting `checks.<name>`: what a container must reach, or must not. */
import type { Fields, NamedSetting } from "../../plan/setting";

/**
 * How a check tests whether a container reaches an address.
 *
 * @example
 * ```ts
 * const web: CheckSpec = { from: "c1", to: "c2", kind: ConnectivityKind.Http, port: 8080, path: "/health" };
 * ```
 */
export enum ConnectivityKind {
  /** An ICMP echo request is answered. */
  Ping = "ping",
  /** A TCP connection is accepted. */
  Tcp = "tcp",
  /** An HTTP request is answered with a status below 400. */
  Http = "http",
  /** Full-size packets, answered by the other end's kernel, are carried both ways at a rate. */
  Throughput = "throughput",
}

/**
 * What must hold of two containers, or of a container and an address.
 *
 * @example
 * ```ts
 * const closed: CheckSpec = { from: "c1", to: "10.0.4.10", reach: false };
 * ```
 */
export interface CheckSpec {
  /** Name of the container that asks. */
  from: string;
  /** Name of the container that answers, or an IP address. */
  to: string;
  /** How it is tried (docs/checks.md); ping, tcp, http, throughput. @default ping */
  kind?: ConnectivityKind;
  /** TCP port; with tcp, which requires it, and http only; 1 to 65535. @default 80 with http */
  port?: number;
  /** Path of the request; with http only. @default / */
  path?: string;
  /** Rate per second such as 5mbit; with throughput, which requires it. @default none */
  atLeast?: string;
  /** Whether it must be reached; false: it must not; true or false. @default true */
  reach?: boolean;
  /** How long it is tried again until it holds; 1 to 300 seconds. @default 30 */
  within?: number;
}

export const CHECK = {
  from: { kind: "text", required: true, doc: "name of the container that asks" },
  to: { kind: "text", required: true, doc: "name of the container that answers, or an IP address" },
  kind: {
    kind: "choice",
    choices: {
      [ConnectivityKind.Ping]: "",
      [ConnectivityKind.Tcp]: "",
      [ConnectivityKind.Http]: "",
      [ConnectivityKind.Throughput]: "",
    },
    default: ConnectivityKind.Ping,
    doc: "how it is tried ([checks.md](checks.md#kinds))",
  },
  port: {
    kind: "integer",
    min: 1,
    max: 65535,
    names: "a TCP port",
    usual: "80 with `http`",
    doc: "TCP port; with `tcp`, which requires it, and `http` only",
  },
  path: { kind: "text", usual: "`/`", doc: "path of the request; with `http` only" },
  atLeast: {
    kind: "text",
    pattern: "^[0-9]+(\\.[0-9]+)?(kbit|mbit|gbit)$",
    doc: "rate per second such as `5mbit`; with `throughput`, which requires it",
  },
  reach: {
    kind: "switch",
    default: true,
    doc: "whether it must be reached; `false`: it must not",
  },
  within: {
    kind: "integer",
    min: 1,
    max: 300,
    unit: "seconds",
    default: 30,
    doc: "how long it is tried again until it holds",
  },
} as const satisfies Fields<CheckSpec>;

export const CHECKS = {
  kind: "named",
  each: { kind: "section", fields: CHECK, doc: "a check" },
  doc: "by a name of its own, as a segment's: what a container must reach, or must not ([checks.md](checks.md))",
} as const satisfies NamedSetting;

/** Of `http` without `port`. */
export const HTTP_PORT = 80;
