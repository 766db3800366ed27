/**
 * Which folder may import which (ARCHITECTURE.md). The stage "arrows" of `./vxlab test` runs it; a broken rule is an error with its name.
 * Tests, benches and examples may import anything.
 */

/** Files that declare resources: the rest of components/ is pure, as plan/ is. */
const DECLARES = "^components/([^/]+[.]ts$|(lab|libvirt)/(?!pool-xml|virsh)|.*(/|[.])component[.]ts$)";

/** What a folder may import besides itself and packages: the start of a path each. */
const MAY_IMPORT = {
  "plan/": ["components/"],
  "guest/": ["plan/", "components/"],
  "components/": ["plan/", "guest/", "image/image"],
  "stacks/": ["components/", "plan/", "guest/quote", "config", "image/image"],
  config: ["plan/", "components/"],
  "policy/": ["plan/", "components/"],
  "plugin/": ["components/"],
  "verify/": ["plan/", "components/", "guest/"],
  "cli/": ["verify/", "plan/", "components/", "guest/", "system/", "toolchain/index", "image/image"],
  "toolchain/": ["system/", "guest/quote", "components/", "packages/"],
  "image/": ["guest/"],
  "system/": [],
  "packages/": [],
};

const folders = Object.entries(MAY_IMPORT).map(([from, to]) => ({
  name: `folder-${from.replace("/", "")}`,
  severity: "error",
  from: { path: `^${from}` },
  to: {
    path: "^(?!node_modules/|sdks/|dist/)[^/]+(/|[.]ts$)",
    pathNot: [from, ...to].map((one) => `^${one}`),
    dependencyTypes: ["local"],
  },
}));

module.exports = {
  forbidden: [
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "pure-imports-pure",
      severity: "error",
      from: { path: "^(plan|components)/", pathNot: DECLARES },
      to: { path: `${DECLARES}|(^|/)node_modules/@pulumi/` },
    },
    {
      name: "declarations-are-for-stacks",
      comment:
        "Of components/, other folders import pure files only, and what the machine where Pulumi runs has and can do.",
      severity: "error",
      from: { path: "^(verify|cli|toolchain|guest|policy|config)" },
      to: { path: DECLARES, pathNot: "^components/libvirt/(choices|programs)" },
    },
    ...folders,
  ],
  options: {
    doNotFollow: { path: ["node_modules", "^sdks/"] },
    exclude: { path: ["^dist/", "^[.]vxlab/", "(^|/)test/", "^bench/", "^examples/"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".cjs", ".json"] },
  },
};
