/** As bad-input.test.ts, for checks. */
import { tellsOf } from "./rows";
import type { Row } from "./rows";

const check = (fragment: object) => ({ checks: { web: { from: "c1", to: "c2", ...fragment } } });
const at = (key: string) => `checks.web.${key}`;
/** Whose only address is lent. */
const lent = {
  segments: { red: { dhcp: { host: "kvm1" } } },
  containers: { c3: { host: "kvm2", address: "dhcp" } },
};

const rows: Record<string, Row[]> = {
  "a check's ends": [
    [check({ from: undefined }), at("from"), "Is missing", "c1, c2"],
    [check({ from: "c9" }), at("from"), "not a container of this lab", "c1, c2"],
    [check({ from: 7 }), at("from"), "not a container of this lab", "c1, c2"],
    [check({ to: undefined }), at("to"), "Is missing", "c1, c2"],
    [check({ to: "c22" }), at("to"), "neither a container of this lab nor an address", "Did you mean c2"],
    [check({ to: ["c2"] }), at("to"), "neither a container of this lab nor an address", "c1, c2"],
    [check({ to: "c1" }), at("to"), "Is the container that asks", "another container"],
    [check({ to: "10.0.3.0/24" }), at("to"), "prefix length", "without prefix length"],
    [check({ to: "10.0.3" }), at("to"), "four numbers", "IP address"],
    [check({ to: "fe80::1" }), at("to"), "link-local", "IP address"],
    [check({ to: "224.0.0.1" }), at("to"), "multicast", "IP address"],
    [{ ...lent, ...check({ to: "c3" }) }, at("to"), "address of c3 is not known", "fixed one"],
    [{ checks: { "Web!": { from: "c1", to: "c2" } } }, 'checks["Web!"]', "", "Rename the check"],
  ],
  "a check's kind": [
    [check({ kind: "udp" }), at("kind"), "not a valid value", "ping, tcp, http, throughput"],
    [check({ kind: "tcp" }), at("port"), "kind tcp needs a port", "for example 22"],
    [check({ kind: "tcp", port: 0 }), at("port"), "not a TCP port", "from 1 to 65535"],
    [check({ kind: "tcp", port: "22" }), at("port"), "not a TCP port", "without quotes"],
    [check({ port: 22 }), at("port"), "no effect with kind ping", "kind: tcp or http"],
    [check({ kind: "tcp", port: 22, path: "/" }), at("path"), "no effect with kind tcp", "kind: http"],
    [check({ kind: "http", path: "index.html" }), at("path"), "not an HTTP request path", "begins with /"],
    [check({ kind: "http", path: "/a b" }), at("path"), "not an HTTP request path", "%XX"],
    [check({ kind: "http", path: '/"; reboot' }), at("path"), "not an HTTP request path", "%XX"],
    [check({ kind: "throughput" }), at("atLeast"), "kind throughput needs a rate", "5mbit"],
    [check({ kind: "throughput", atLeast: "5 Mbit/s" }), at("atLeast"), "not a rate", "5mbit"],
    [check({ kind: "throughput", atLeast: "0mbit" }), at("atLeast"), "not a rate", "5mbit"],
    [check({ kind: "throughput", atLeast: 5 }), at("atLeast"), "not a rate", "5mbit"],
    [check({ atLeast: "5mbit" }), at("atLeast"), "no effect with kind ping", "kind: throughput"],
    [
      check({ kind: "throughput", atLeast: "5mbit", reach: false }),
      at("reach"),
      "Cannot be false with kind throughput",
      "kind: ping",
    ],
  ],
  "a check's other settings": [
    [check({ reach: "no" }), at("reach"), "neither true nor false", "reach: false"],
    [check({ within: 0 }), at("within"), "1 to 300", "from 1 to 300"],
    [check({ within: "10s" }), at("within"), "1 to 300", "from 1 to 300"],
    [check({ timeout: 5 }), at("timeout"), "Is not a setting", "within"],
    [{ checks: [] }, "checks", "mapping of names", "NAME"],
    [{ checks: { web: "c1 c2" } }, "checks.web", "mapping of settings", "from"],
  ],
};

tellsOf(rows);
