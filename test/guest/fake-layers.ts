/**
 * WireGuard, queues with their filters, and flows that remember what they are told, beside fake-switch.ts. What each answers is worded and
 * rounded as its own program does it.
 */
import type { FakeHost } from "./fake-host";

/** It knows a private key's public one by a file of pairs. */
export const WG = `#!/bin/sh
{ printf '%s\\0' "\${0##*/}" "$@"; printf '\\036'; } >>"$FAKE/calls"
conf=$FAKE/wg.conf
own() { awk -v key="$(sed -n 's/^PrivateKey = //p' "$conf" 2>/dev/null)" '$1 == key { print $2; found = 1 } END { if (!found) print "(none)" }' "$FAKE/pairs"; }
[ ! -e "$FAKE/wg-refuses" ] || case $1 in syncconf) cat "$FAKE/wg-refuses" >&2; exit 1 ;; esac
case "$1 $3" in
  "syncconf "*) cat "$3" >"$conf.new"; mv "$conf.new" "$conf" ;;
  "show public-key") own ;;
  "show peers") sed -n 's/^PublicKey = //p' "$conf" 2>/dev/null || : ;;
  "show dump") printf '%s\\t%s\\t%s\\toff\\n' "$(sed -n 's/^PrivateKey = //p' "$conf")" "$(own)" "$(sed -n 's/^ListenPort = //p' "$conf")"
    awk -F ' = ' '$1 == "PublicKey" { key = $2 } $1 == "AllowedIPs" { ips = $2 } $1 == "Endpoint" { print key "\\t(none)\\t" $2 "\\t" ips "\\t0\\t0\\t0\\toff" }' "$conf" ;;
esac
`;

/** tc: below tc/ a file for each queue as it was given, and one for each interface's filters. Shares have 32 bits, rates are whole bytes, numbers six digits. */
const TC = String.raw`#!/bin/sh
kept=$FAKE/tc
[ -d "$kept" ] || mkdir "$kept"
# ON HOOK protocol P pref N KIND MATCH... action mirred egress redirect dev DEVICE
added() {
  at=$kept/filters-$1-$2 protocol=$4 pref=$6 kind=$7 match= device=
  shift 7
  while [ "$1" != action ]; do match="$match $1"; shift; done
  for device in "$@"; do :; done
  # Two of flower that match alike cannot have one preference.
  if [ "$kind" = flower ] && grep -q "^$protocol $pref flower [^ ]* [^ ]*$match\$" "$at" 2>/dev/null; then
    echo "RTNETLINK answers: File exists" >&2
    return 2
  fi
  n=$(($(cat "$kept/last" 2>/dev/null || echo 0) + 1))
  echo "$n" >"$kept/last"
  if [ "$kind" = u32 ]; then handle=$(printf '800::%x' $((2048 + n))); else handle=0x$n; fi
  echo "$protocol $pref $kind $handle $device$match" >>"$at"
}
listed() {
  awk -v protocol="$2" -v pref="$3" '
    (protocol != "" && $1 != protocol) || (pref != "" && $2 != pref) { next }
    { head = "filter protocol " $1 " pref " $2 " " $3 " chain 0 "; print head }
    $3 == "u32" { print head "fh 800: ht divisor 1 "; print head "fh " $4 " order 2048 key ht 800 bkt 0 terminal flowid not_in_hw " }
    $3 != "u32" { print head "handle " $4 " " }
    { device = $5; sub(/^([^ ]+ ){5}/, ""); print "  " $0; print "  not_in_hw"
      print "\taction order 1: mirred (Egress Redirect to device " device ") stolen"; print "\tindex 1 ref 1 bind 1" }' "$1" 2>/dev/null
}
queue() {
  [ -e "$kept/netem-$1" ] || { echo '[{"kind":"pfifo_fast","handle":"0:","root":true,"options":{}}]' && return; }
  awk '
    function share(text,   bits) { bits = int(text / 100 * 4294967295 + 0.5); return sprintf("%.6g", bits / 4294967295) }
    function part(name, key, number, more) { if (number > 0) out = out sprintf(",\"%s\":{\"%s\":%s%s}", name, key, number, more) }
    { for (i = 1; i < NF; i++) { given[$i] = $(i + 1); if ($i == "delay") jitter = $(i + 2) }
      out = "\"limit\":" given["limit"]
      part("delay", "delay", sprintf("%.6g", given["delay"] / 1000000), sprintf(",\"jitter\":%.6g,\"correlation\":0", jitter / 1000000))
      part("loss-random", "loss", share(given["loss"] + 0), ",\"correlation\":0")
      part("duplicate", "duplicate", share(given["duplicate"] + 0), ",\"correlation\":0")
      part("reorder", "reorder", share(given["reorder"] + 0), ",\"correlation\":0")
      part("corrupt", "corrupt", share(given["corrupt"] + 0), ",\"correlation\":0")
      part("rate", "rate", sprintf("%.0f", int(given["rate"] / 8)), ",\"packetoverhead\":0,\"cellsize\":0,\"celloverhead\":0")
      print "[{\"kind\":\"netem\",\"handle\":\"8001:\",\"root\":true,\"refcnt\":2,\"options\":{" out ",\"ecn\":false,\"gap\":0}}]" }' "$kept/netem-$1"
}
one() {
  case "$*" in
    "qdisc replace dev "*" root netem "*) device=$4; shift 6; echo "$*" >"$kept/netem-$device" ;;
    "qdisc add dev "*" clsact") : >"$kept/clsact-$4" ;;
    "qdisc del dev "*" clsact") rm -f "$kept/clsact-$4" "$kept/filters-$4"-* ;;
    "-s qdisc show dev "*) printf 'qdisc netem 8001: root\n Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0)\n backlog 0b 0p requeues 0\n' ;;
    "-j qdisc show dev "*) queue "$5" ;;
    "qdisc show dev "*) [ ! -e "$kept/clsact-$4" ] || echo "qdisc clsact ffff: parent ffff:fff1 " ;;
    "filter add dev "*) [ -e "$kept/clsact-$4" ] || return 2; shift 3; added "$@" ;;
    "filter show dev "*" protocol "*) listed "$kept/filters-$4-$5" "$7" "$9" ;;
    "filter show dev "*) listed "$kept/filters-$4-$5" "" "" ;;
    "filter del dev "*" handle "*) shift 2; sed -i "/^$5 $7 [^ ]* $9 /d" "$kept/filters-$2-$3" ;;
    "filter del dev "*) sed -i "/^$7 $9 /d" "$kept/filters-$4-$5" ;;
    *) echo "what is tc $*?" >&2; return 1 ;;
  esac
}
if [ "$1" != -batch ]; then one "$@"; exit; fi
while read -r line; do one $line || exit; done
`;

/** ovs-ofctl: flows of all bridges in one file, each with its cookie. Two of one table, priority and match are one; `<NAME>` is an error. */
const OFCTL = String.raw`#!${process.execPath}
const fs = require("node:fs");
const file = process.env.FAKE + "/flows.json", all = process.argv.slice(2).filter((word) => !/^--(bundle|no-stats)$/.test(word));
let flows = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : [];
const textOf = (name) => fs.readFileSync(name === "-" ? 0 : name, "utf8");
const isIn = (spec) => {
  const [value, mask = "-1"] = spec.replace(/^cookie=/, "").split("/").map((word) => BigInt.asUintN(64, BigInt(word)));
  const bits = BigInt.asUintN(64, BigInt(mask));
  return ({ cookie }) => (BigInt(cookie) & bits) === (value & bits);
};
const read = (line) => {
  const [, cookie, match, actions] = /^\s*cookie=((?:0x)?[0-9a-f]+),\s*([^<>]*) actions=(.*)$/.exec(line) ?? [];
  if (cookie === undefined || line.includes("<")) { console.error("ovs-ofctl: -:1: what is " + line + "?"); process.exit(1); }
  return { cookie, match: match.replace(/ /g, ""), actions };
};
const linesOf = (text) => text.split("\n").filter((line) => line.trim() !== "");
const [verb, a, b] = all;
if (verb === "add-flows") {
  for (const line of linesOf(textOf(b))) {
    const [, gone, port] = /^delete (cookie=[^ ,]+)(?:,(in_port=\S+))?$/.exec(line) ?? [];
    if (gone !== undefined) {
      const is = isIn(gone);
      flows = flows.filter((one) => !is(one) || (port !== undefined && !one.match.split(",").includes(port)));
      continue;
    }
    const one = read(line);
    flows = [...flows.filter(({ match }) => match !== one.match), one];
  }
  fs.writeFileSync(file, JSON.stringify(flows));
} else if (verb === "del-flows") {
  const is = isIn(b);
  fs.writeFileSync(file, JSON.stringify(flows.filter((one) => !is(one))));
} else if (verb === "dump-flows") for (const { cookie, match, actions } of flows.filter(isIn(b))) console.log(" cookie=" + cookie + ", " + match + " actions=" + actions);
else if (verb === "diff-flows") {
  const [left, right] = [a, b].map((name) => new Set(linesOf(textOf(name)).map((line) => JSON.stringify(read(line)))));
  if ([...left].some((one) => !right.has(one)) || [...right].some((one) => !left.has(one))) process.exit(2);
}
`;

/** From now on these remember too. */
export function remembersLayers(host: FakeHost): void {
  host.runs("wg", WG);
  host.runs("tc", TC);
  host.runs("ovs-ofctl", OFCTL);
}
