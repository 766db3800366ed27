// The `connection` argument: its fields, defaults and keys.
import type { ParsedKey } from "ssh2";
import { hostKeyOf, privateKeyOf } from "./keys";
import { isObject, reveal } from "../lib/value";
import type { Props, Value } from "../lib/value";

export interface Endpoint {
  host: string;
  port: number;
  user: string;
  password: string | undefined;
  privateKey: string | undefined;
  privateKeyPassword: string | undefined;
  agentSocketPath: string | undefined;
  /** How many dials may fail; -1: unlimited. */
  dialErrorLimit: number;
  /** Time limit for the TCP connection, seconds; 0: as long as the kernel tries. */
  perDialTimeout: number;
  hostKey: string | undefined;
}

export interface Connection extends Endpoint {
  proxy: Endpoint | undefined;
}

/** The parsed keys of an endpoint: after this only the network can fail. */
export interface Credentials {
  hostKey: ParsedKey | undefined;
  privateKey: ParsedKey | undefined;
  password: string | undefined;
  agent: string | undefined;
}

/** Check sets the defaults, but a state from another plugin may lack them. */
export function connectionOf(value: Value | undefined): Connection {
  const props = value === undefined ? {} : reveal(value);
  if (!isObject(props)) throw new Error("connection: not an object");
  return { ...endpointOf(props), proxy: isObject(props.proxy) ? endpointOf(props.proxy) : undefined };
}

function endpointOf(p: Props): Endpoint {
  return {
    host: text(p.host) ?? "",
    port: Math.trunc(number(p.port) ?? 22),
    user: text(p.user) ?? "root",
    password: text(p.password),
    privateKey: text(p.privateKey),
    privateKeyPassword: text(p.privateKeyPassword),
    agentSocketPath: text(p.agentSocketPath),
    dialErrorLimit: number(p.dialErrorLimit) ?? 10,
    perDialTimeout: number(p.perDialTimeout) ?? 15,
    hostKey: text(p.hostKey),
  };
}

export async function credentialsOf(e: Endpoint): Promise<Credentials> {
  return {
    hostKey: e.hostKey === undefined ? undefined : await hostKeyOf(e.hostKey),
    privateKey:
      e.privateKey === undefined ? undefined : await privateKeyOf(e.privateKey, e.privateKeyPassword),
    password: e.password,
    agent: e.agentSocketPath ?? agentOfTheUser(),
  };
}

function agentOfTheUser(): string | undefined {
  const path = process.env.SSH_AUTH_SOCK;
  return path === "" ? undefined : path;
}

/** "host:port" with an IPv6 address in brackets, as Go writes it. */
export function address(e: { host: string; port: number }): string {
  return `${e.host.includes(":") ? `[${e.host}]` : e.host}:${String(e.port)}`;
}

function text(v: Value | undefined): string | undefined {
  return typeof v === "string" ? v : undefined;
}

function number(v: Value | undefined): number | undefined {
  return typeof v === "number" ? v : undefined;
}
