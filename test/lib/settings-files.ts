/** Settings files in every form that YAML has: for the CLI's reader, and for the real `pulumi config`, which must agree. */

export interface Written {
  title: string;
  /** Below `name` and `runtime`, as it is written in Pulumi.yaml. @default nothing */
  project?: string;
  /** @default no file */
  stack?: string;
  /** What the program gets, by the key without `vxlab:`. */
  expected: Record<string, unknown>;
}

const config = (...lines: string[]): string =>
  ["config:", ...lines.map((line) => `  ${line}`), ""].join("\n");
const URI = "qemu+ssh://root@far/system";

export const WRITTEN: readonly Written[] = [
  { title: "no file of the stack", project: config("vxlab:role: underlay"), expected: { role: "underlay" } },
  { title: "a block", stack: config("vxlab:role: overlay"), expected: { role: "overlay" } },
  { title: "quoted", stack: config(`"vxlab:role": 'overlay'`), expected: { role: "overlay" } },
  { title: "a remark", stack: config("vxlab:role: overlay # mine"), expected: { role: "overlay" } },
  {
    title: "a remark alone",
    stack: config("# vxlab:role: overlay", "vxlab:accel: qemu"),
    expected: { accel: "qemu" },
  },
  {
    title: "CRLF",
    stack: config("vxlab:role: overlay", "vxlab:image:", "  kind: docker").replaceAll("\n", "\r\n"),
    expected: { role: "overlay", image: { kind: "docker" } },
  },
  {
    title: "a byte order mark",
    stack: `\ufeff${config("vxlab:role: overlay")}`,
    expected: { role: "overlay" },
  },
  {
    title: "flow style",
    stack: `config: { vxlab:role: overlay, vxlab:image: { kind: docker } }\n`,
    expected: { role: "overlay", image: { kind: "docker" } },
  },
  {
    title: "flow style over lines",
    stack: `config: {\n"vxlab:image": {\n"kind": "docker"\n} }\n`,
    expected: { image: { kind: "docker" } },
  },
  {
    title: "JSON",
    stack: JSON.stringify({ config: { "vxlab:role": "overlay", "vxlab:hosts": {} } }),
    expected: { role: "overlay", hosts: {} },
  },
  { title: "tabs between", stack: config("vxlab:role:\toverlay\t# mine"), expected: { role: "overlay" } },
  { title: "on the next line", stack: config("vxlab:role:", "  overlay"), expected: { role: "overlay" } },
  {
    title: "a folded text",
    stack: config("vxlab:libvirtUri: >-", `  ${URI}`),
    expected: { libvirtUri: URI },
  },
  {
    title: "a number sign inside",
    stack: config(`vxlab:libvirtUri: ${URI}#1`),
    expected: { libvirtUri: `${URI}#1` },
  },
  { title: "an explicit key", stack: config("? vxlab:role", ": overlay"), expected: { role: "overlay" } },
  {
    title: "an anchor",
    stack: `x: &far ${URI}\n${config("vxlab:libvirtUri: *far")}`,
    expected: { libvirtUri: URI },
  },
  {
    title: "anchors of mappings, merged",
    stack: config(
      "vxlab:hosts:",
      "  a: &all { memory: 512, cpus: 1 }",
      "  b: { <<: *all, cpus: 2 }",
      "  c:",
      "    cpus: 4",
      "    <<: [{ memory: 256 }, *all]",
    ),
    expected: {
      hosts: { a: { memory: 512, cpus: 1 }, b: { memory: 512, cpus: 2 }, c: { memory: 256, cpus: 4 } },
    },
  },
  {
    title: "documents, of which the first counts",
    stack: `---\n${config("vxlab:role: overlay")}---\n${config("vxlab:role: underlay")}`,
    expected: { role: "overlay" },
  },
  { title: "without the namespace", stack: config("role: overlay"), expected: { role: "overlay" } },
  {
    title: "the older form of a key",
    stack: config("vxlab:config:role: overlay"),
    expected: { role: "overlay" },
  },
  {
    title: "another namespace",
    stack: config("aws:role: overlay", "vxlab:accel: qemu"),
    expected: { accel: "qemu" },
  },
  {
    title: "numbers",
    stack: config(
      "vxlab:bootTimeout: 0600",
      "vxlab:hosts: [010, 09, 1_0, 0x1F, 0b11, 0o17, -010, 1e3, 1.10, +5]",
    ),
    expected: { bootTimeout: "384", hosts: [8, 9, 10, 31, 3, 15, -8, 1000, 1.1, 5] },
  },
  {
    title: "words that are text in Go",
    stack: config("vxlab:hosts: [yes, no, on, off, y, 1:20, 2020-01-01]"),
    expected: { hosts: ["yes", "no", "on", "off", "y", "1:20", "2020-01-01 00:00:00 +0000 UTC"] },
  },
  {
    title: "words that are not",
    stack: config("vxlab:hosts: [true, TRUE, False, null, ~]"),
    expected: { hosts: [true, true, false, null, null] },
  },
  {
    title: "tags",
    stack: config("vxlab:hosts: [!!str 010, !!int '010', !mine 5]"),
    expected: { hosts: ["010", 8, "5"] },
  },
  {
    title: "keys that are numbers",
    stack: config("vxlab:segments: { 001: {}, 100: {}, true: {}, '007': {} }"),
    expected: { segments: { "1": {}, "100": {}, true: {}, "007": {} } },
  },
  { title: "empty", stack: config("vxlab:role:", "vxlab:image: {}"), expected: { role: "", image: {} } },
  {
    title: "JSON in a text",
    stack: config(`vxlab:image: '{"kind":"docker"}'`),
    expected: { image: '{"kind":"docker"}' },
  },
  {
    title: "value in the project's file",
    project: config("vxlab:image:", "  value: { kind: docker }", "vxlab:bootTimeout: { value: 0100 }"),
    expected: { image: { kind: "docker" }, bootTimeout: "64" },
  },
  {
    title: "default in the project's file",
    project: config("vxlab:role: { type: string, default: overlay }"),
    expected: { role: "overlay" },
  },
  {
    title: "plain values in the project's file",
    project: config("role: overlay", "vxlab:bootTimeout: 90", "vxlab:peers: [a]"),
    expected: { role: "overlay", bootTimeout: "90", peers: ["a"] },
  },
  {
    title: "a key of the stack takes the whole place",
    project: config("vxlab:image: { value: { kind: docker, path: /x } }", "vxlab:accel: kvm"),
    stack: config("vxlab:image: { kind: golden }"),
    expected: { image: { kind: "golden" }, accel: "kvm" },
  },
  {
    title: "value in the stack's file stays",
    stack: config("vxlab:image:", "  value:", "    kind: docker"),
    expected: { image: { value: { kind: "docker" } } },
  },
  {
    title: "a path in the project's file",
    project: config("vxlab:image.kind: docker", "vxlab:underlay.mode: nat"),
    stack: config("vxlab:image: { path: /x }"),
    expected: { image: { path: "/x", kind: "docker" }, underlay: { mode: "nat" } },
  },
  {
    title: "settings in a folder",
    project: "stackConfigDir: stacks\n",
    stack: config("vxlab:role: overlay"),
    expected: { role: "overlay" },
  },
];

/** The files of one, by path. */
export function filesOf({ project = "", stack }: Written): Record<string, string> {
  const folder = project.includes("stackConfigDir") ? "stacks/" : "";
  return {
    "Pulumi.yaml": `name: vxlab\nruntime: nodejs\n${project}`,
    ...(stack === undefined ? {} : { [`${folder}Pulumi.lab.yaml`]: stack }),
  };
}
