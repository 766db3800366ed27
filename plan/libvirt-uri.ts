/** URIs of hypervisors (libvirt.org/uri.html), as the provider reads them; virsh has another syntax for some parts. */
import { literalNumber } from "./addresses";

/** The transports of dmacvicar/libvirt 0.8.3 (libvirt/uri/connection_uri.go); libvirt's own programs have more. */
const TRANSPORTS: readonly string[] = ["unix", "tcp", "tls", "ssh"];
/** libvirt's driver for QEMU (libvirt.org/drvqemu.html); of its daemons, only the system one may make bridges. */
const DRIVER = "qemu";
const INSTANCE = "/system";

/** Why a setting cannot be used as a hypervisor's URI; undefined when it can. */
export function uriFault(got: unknown): string | undefined {
  const url = parsed(got);
  if (url === undefined) return "Is not a libvirt URI (libvirt.org/uri.html).";
  const driver = driverOf(url);
  if (driver !== DRIVER) return `Names libvirt's driver ${driver}, but vxlab needs ${DRIVER}.`;
  if (url.pathname !== INSTANCE)
    return `Ends in ${url.pathname || "no path"} instead of ${INSTANCE}: only libvirt's system instance can create the lab's networks.`;
  const transport = transportOf(url);
  if (!TRANSPORTS.includes(transport))
    return `Has the transport ${transport}, which the provider does not know: it takes ${TRANSPORTS.join(", ")}.`;
  if (url.password !== "") return "Contains a password, which would be stored in the state and printed.";
  const { searchParams } = url;
  if (searchParams.has("no_verify") || searchParams.get("known_hosts_verify") === "ignore")
    return "Disables host key verification, so any server that answers would receive the lab's secrets.";
  const loose = ["keyfile", "knownhosts", "socket"].find((key) => !absolute(searchParams.get(key)));
  // The provider expands ~ and variables in some of them; virsh does not.
  return loose === undefined ? undefined : `Its ${loose} is not an absolute path.`;
}

const absolute = (path: string | null): boolean => path === null || path.startsWith("/");

/** True if the hypervisor is this machine: then its processor can be examined, and its networks can be reached. */
export function isLocal(uri: string): boolean {
  const host = parsed(uri)?.hostname ?? "";
  return host === "" || host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
}

/** The hypervisor's address, if the URI contains a literal address of another machine. Names are not resolved here. */
export function addressOf(uri: string): bigint | undefined {
  if (isLocal(uri)) return undefined;
  return literalNumber(parsed(uri)?.hostname.replace(/^\[|\]$/g, ""));
}

/**
 * A provider's URI as virsh takes it.
 *
 * Only libssh, not the program `ssh`, accepts a file of known keys; and without `no_tty`, `ssh` asks on a terminal whether to trust an
 * unknown key.
 */
export function virshUri(uri: string): string {
  const url = parsed(uri);
  if (url === undefined) return uri;
  const { searchParams } = url;
  const transport = transportOf(url);
  if (transport === "unix" && searchParams.has("socket")) return uri.replace(/^(\w+):/, "$1+unix:");
  if (transport !== "ssh") return uri;
  const known = searchParams.get("knownhosts");
  if (known === null) {
    searchParams.set("no_tty", "1");
    return url.href;
  }
  searchParams.delete("knownhosts");
  searchParams.set("known_hosts", known);
  searchParams.set("known_hosts_verify", "normal");
  return url.href.replace("+ssh:", "+libssh:");
}

function parsed(uri: unknown): URL | undefined {
  if (typeof uri !== "string" || !/^[a-z]+(\+[a-z0-9]+)?:\/\/\S*$/.test(uri)) return undefined;
  return URL.canParse(uri) ? new URL(uri) : undefined;
}

function driverOf({ protocol }: URL): string {
  return protocol.slice(0, -1).split("+")[0] ?? "";
}

function transportOf({ protocol, hostname }: URL): string {
  const [, named] = protocol.slice(0, -1).split("+");
  return named ?? (hostname === "" ? "unix" : "tls");
}
