// Folders say what a line may touch (ARCHITECTURE.md); the rules at the end enforce it.
import js from "@eslint/js";
import ts from "typescript-eslint";
import pulumi from "@pulumi/eslint-plugin";

const print = {
  selector: "MemberExpression[object.name='console']",
  message: "Only cli/, toolchain/ and system/ print.",
};

/** plan/ is pure: the same input gives the same bytes. What is not named here it may not import. */
const plan = {
  imports: [
    {
      regex: "^(?!\\./|ip-address$|zod$|node:crypto$)",
      message: "plan/ is pure: no Pulumi, no files, no processes, nothing else of the project.",
    },
    {
      regex: "^node:crypto$",
      allowImportNames: ["createHash", "createPrivateKey", "createPublicKey", "hkdfSync"],
      message: "plan/ may hash and derive: of node:crypto only what gives the same for the same.",
    },
  ],
  globals: [
    ...["Date", "performance", "setTimeout", "setInterval", "setImmediate"].map((name) => ({
      name,
      message: "plan/ does not know the time.",
    })),
    ...["crypto", "process", "fetch", "require", "globalThis", "global"].map((name) => ({
      name,
      message: "plan/ is pure: nothing of the machine, nothing random.",
    })),
  ],
  random: { object: "Math", property: "random", message: "plan/ is not random: hash what is named." },
};

export default ts.config(
  { ignores: ["node_modules/", ".vxlab/", "sdks/", "dist/", "eslint.config.mjs", "**/*.cjs"] },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "@pulumi": pulumi },
    rules: {
      "@pulumi/no-output-in-template-literal": "error",
      "@pulumi/no-output-instance-in-template-literal": "off",
      "max-lines": ["error", { max: 250, skipBlankLines: false, skipComments: false }],
      "max-lines-per-function": ["error", { max: 40, skipBlankLines: true, skipComments: true }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/ban-ts-comment": "error",
    },
  },
  {
    files: ["plan/**/*.ts"],
    rules: {
      "no-restricted-imports": ["error", { patterns: plan.imports }],
      "no-restricted-globals": ["error", ...plan.globals],
      "no-restricted-properties": ["error", plan.random],
    },
  },
  {
    files: [
      "guest/**/*.ts",
      "config*.ts",
      "plan/**/*.ts",
      "components/**/*.ts",
      "stacks/**/*.ts",
      "index.ts",
    ],
    rules: { "no-restricted-syntax": ["error", print] },
  },
  {
    files: ["test/**/*.ts", "packages/*/test/**/*.ts", "bench/**/*.ts"],
    rules: { "max-lines-per-function": "off", "max-lines": ["error", { max: 400 }] },
  },
);
