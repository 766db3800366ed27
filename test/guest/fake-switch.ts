/** Open vSwitch, interfaces and addresses that remember what they are told, in place of FakeHost's programs that only write it down. */
import type { FakeHost } from "./fake-host";

/** As much of ovs-vsctl and of iproute2 as the tools use. The database is a file; the kernel's is below net/. */
const PROGRAM = String.raw`#!${process.execPath}
const fs = require("node:fs"), path = require("node:path");
const program = path.basename(process.argv[1]), all = process.argv.slice(2);
const root = process.env.FAKE, file = root + "/switch.json", net = (name) => root + "/net/" + name;
const before = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "", db = before ? JSON.parse(before) : { bridge: {}, port: {}, interface: {}, address: {}, vxlan: {} };
const show = (name, key, text) => { fs.mkdirSync(net(name), { recursive: true }); fs.writeFileSync(net(name) + "/" + key, text + "\n"); };
const bare = (text) => text.replace(/^"(.*)"$/, "$1");
const row = (table, name) => (db[table][name] ??= { name, options: {}, bfd: {}, external_ids: {}, other_config: {}, type: "", tag: undefined, trunks: undefined, protected: false });
const plug = (bridge, name) => { row("port", name).on ??= bridge; row("interface", name); if (!fs.existsSync(net(name))) { show(name, "address", ""); show(name, "mtu", 1500); } };
const unplug = (name) => { delete db.port[name]; delete db.interface[name]; };
const put = (table, name, column, value) => {
  const [key, sub] = column.split(":"), one = row(table, name);
  if (sub) one[key][sub] = bare(value);
  else one[key] = /^(tag|trunks)$/.test(key) ? (value === "[]" ? undefined : value) : bare(value);
  if (column === "other_config:hwaddr" || column === "mac") show(name, "address", bare(value));
  if (column === "mtu_request") show(name, "mtu", value);
};
const cell = (one, column) => {
  const value = one[column];
  if (/^(options|bfd)$/.test(column)) return ["map", Object.entries(value)];
  if (column === "tag") return value === undefined ? ["set", []] : Number(value);
  if (column === "ofport") return Number(one.ofport_request ?? 1);
  if (column === "bfd_status:state") return one.bfd.enable === "true" ? "up" : "down";
  if (column === "protected") return String(value) === "true";
  return value ?? ["set", []];
};
// As it prints a text: one that it would read as something else has quotes.
const printed = (one, column) => {
  const [key, sub] = column.split(":");
  if (sub === undefined || column === "bfd_status:state") return cell(one, column) + "" || "[]";
  const value = one[key]?.[sub];
  return value === undefined ? "" : /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(value) && !/^(true|false)$/.test(value) ? value : JSON.stringify(value);
};
let asBare = false;
function ovs(words) {
  let columns;
  const isOptional = words.includes("--if-exists"), asCsv = all.includes("--format=csv");
  words = words.filter((word) => {
    if (word === "--bare") asBare = true;
    columns = /^--columns=(.*)/.exec(word)?.[1].split(",") ?? columns;
    return !word.startsWith("--");
  });
  const [verb, a, b, ...rest] = words;
  if (verb === "add-br") { row("bridge", a); plug(a, a); }
  if (verb === "del-br") { delete db.bridge[a]; for (const one of Object.values(db.port)) if (one.on === a) unplug(one.name); fs.rmSync(net(a), { recursive: true, force: true }); }
  if (verb === "add-port") plug(a, b);
  if (verb === "del-port") unplug(a);
  // Of these, --if-exists means that a missing row is not an error.
  if (/^(set|get|clear)$/.test(verb) && isOptional && db[a][b] === undefined) return;
  if (verb === "clear") for (const column of rest) row(a, b)[column] = {};
  if (verb === "list" && asCsv) for (const one of Object.values(db[a])) console.log(columns.map((column) => cell(one, column)).join(","));
  if (verb === "set") for (const one of rest) put(a, b, one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1));
  if (verb === "get") for (const column of rest) console.log(printed(row(a, b), column));
  if (verb === "port-to-br") { if (!db.port[a]) process.exit(1); console.log(db.port[a].on); }
  if (verb === "find") {
    const [, key, sub, value] = /^(\w+)(?::([^=]+))?=(.*)$/.exec(b);
    const rows = Object.values(db[a]).filter((one) => (sub ? one[key][sub] : one[key]) === bare(value));
    if (!asBare) console.log(JSON.stringify({ data: rows.map((one) => columns.map((column) => cell(one, column))) }));
    else for (const one of rows) console.log(columns.map((column) => (column === "_uuid" ? "9dc2a8c4-7a3e-4b8c-8f7b-0d7f0c0ffee0" : one[column])).join("\n") + "\n");
  }
}
function ip(words) {
  const text = words.join(" "), after = (word) => words[words.indexOf(word) + 1];
  if (/^link add \S+ type vxlan/.test(text)) { show(words[2], "mtu", 1500); show(words[2], "address", ""); db.vxlan[words[2]] = text.replace(/^.* type vxlan/, "vxlan"); }
  if (/^link add \S+ type ifb/.test(text)) { show(words[2], "mtu", 1500); show(words[2], "flags", "0x82"); }
  if (/^link add \S+ type wireguard/.test(text)) { show(words[2], "mtu", 1420); show(words[2], "flags", "0x90"); }
  if (/^link set dev \S+ (mtu \d+ )?up$/.test(text) && fs.existsSync(net(words[3]) + "/flags")) show(words[3], "flags", "0x" + (Number(fs.readFileSync(net(words[3]) + "/flags", "utf8")) | 1).toString(16));
  if (/^route replace/.test(text)) ((db.route ??= {})[after("dev")] ??= []).push(words[2].replace("/32", ""));
  if (/^route del/.test(text)) db.route[after("dev")] = db.route[after("dev")].filter((one) => one !== words[2].replace("/32", ""));
  if (/^-o route show dev/.test(text)) (db.route?.[after("dev")] ?? []).forEach((one) => console.log(one + " scope link"));
  if (/^-o route get/.test(text)) console.log(words[3] + " dev eth0 uid 0");
  if (/^link add \S+ type bridge/.test(text)) { show(words[2], "mtu", 1500); show(words[2], "address", ""); }
  if (/^link set dev \S+ .*master/.test(text)) (db.master ??= {})[words[3]] = after("master");
  if (/^link add \S+ mtu \d+ type veth/.test(text)) show(words[2], "mtu", words[4]);
  if (/^link set dev \S+ (mtu|alias)/.test(text)) show(words[3], words[4] === "mtu" ? "mtu" : "ifalias", words[4] === "mtu" ? words[5] : words.slice(5).join(" "));
  if (/^link del/.test(text)) { fs.rmSync(net(after("dev")), { recursive: true, force: true }); delete db.vxlan[after("dev")]; }
  if (/^address replace/.test(text)) (db.address[after("dev")] ??= []).push(words[2]);
  if (/^address del/.test(text)) db.address[after("dev")] = db.address[after("dev")].filter((one) => one !== words[2]);
  if (/^-o address show dev/.test(text)) (db.address[after("dev")] ?? []).forEach((one) => console.log("5: " + after("dev") + "    inet" + (one.includes(":") ? "6 " : " ") + one + " scope global"));
  else if (/^-o address show/.test(text)) process.stdout.write(fs.readFileSync(root + "/addresses"));
  if (/^-d -o link show/.test(text) && db.vxlan[after("dev")]) console.log("7: " + after("dev") + ": <UP> mtu " + fs.readFileSync(net(after("dev")) + "/mtu", "utf8").trim() + " qdisc noqueue " + (db.master?.[after("dev")] ? "master " + db.master[after("dev")] + " " : "") + "group default \\ " + db.vxlan[after("dev")]);
}
if (program === "ip" && all[0] === "-batch") fs.readFileSync(0, "utf8").trim().split("\n").forEach((line) => ip(line.replace(/"/g, "").split(" ")));
else if (program === "ip") ip(all);
else {
  const first = all.filter((word) => !/^--(retry|timeout=.*|format=json|no-headings)$/.test(word));
  const commands = [[]];
  for (const word of first) { if (word === "--") commands.push([]); else commands.at(-1).push(word); }
  commands.forEach(ovs);
}
// In one piece: another program of the same pipeline may read it now.
const after = JSON.stringify(db), half = file + "." + process.pid;
if (after !== before) { fs.writeFileSync(half, after); fs.renameSync(half, file); }
`;

/** From now on this host remembers. */
export function remembers(host: FakeHost): void {
  for (const name of ["ovs-vsctl", "ip"]) host.runs(name, PROGRAM);
}
