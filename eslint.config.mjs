// Folders say what a line may touch (ARCHITECTURE.md); the rules at the end enforce it.
import js from "@eslint/js";
import ts from "typescript-eslint";
import pulumi from "@pulumi/eslint-plugin";

const print = {
  selector: "MemberExpression[object.name='console']",
  message: "Only cli/, toolchain/ and system/ print.",
};

/**
 * Pure files compute: the same input gives the same bytes. They are plan/ and, in the folder of a thing (components/<thing>/), every
 * file but `component.ts` and `*.component.ts`. They may import nothing but each other and what is named here.
 */
const pure = {
  files: ["plan/**/*.ts", "components/*/**/*.ts"],
  ignores: ["components/{lab,libvirt}/**", "components/**/component.ts", "components/**/*.component.ts"],
  imports: [
    {
      regex: "^(?!\\.|ip-address$|zod$|node:crypto$)",
      message: "Pure files import no Pulumi, no files, no processes.",
    },
    {
      regex: "^\\..*(component$|/(lab|libvirt|guest|cli|stacks|toolchain|test)/)",
      message: "Pure files import pure files only.",
    },
    {
      regex: "^node:crypto$",
      allowImportNames: ["createHash", "createPrivateKey", "createPublicKey", "hkdfSync"],
      message: "Pure files may hash and derive: of node:crypto only what gives the same for the same.",
    },
  ],
  globals: [
    ...["Date", "performance", "setTimeout", "setInterval", "setImmediate"].map((name) => ({
      name,
      message: "Pure files do not know the time.",
    })),
    ...["crypto", "process", "fetch", "require", "globalThis", "global"].map((name) => ({
      name,
      message: "Pure files use nothing of the machine and nothing random.",
    })),
  ],
  random: { object: "Math", property: "random", message: "Pure files are not random: hash what is named." },
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
    files: pure.files,
    ignores: pure.ignores,
    rules: {
      "no-restricted-imports": ["error", { patterns: pure.imports }],
      "no-restricted-globals": ["error", ...pure.globals],
      "no-restricted-properties": ["error", pure.random],
    },
  },
  {
    files: ["verify/**/*.ts"],
    ignores: ["verify/evidence/scripts.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            pure.imports[0],
            {
              regex: "^\\..*(component$|/(lab|libvirt|cli|system|stacks|toolchain|test)/)",
              message: "verify/ reaches hosts through verify/ask.ts only.",
            },
          ],
        },
      ],
      "no-restricted-globals": ["error", ...pure.globals],
      "no-restricted-properties": ["error", pure.random],
      "no-restricted-syntax": ["error", print],
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
