/**
 * The CLI installs a plugin's own packages only, and these are the project's: in a fresh clone they are installed, and
 * dist/ is compiled, with the project's lock file. Elsewhere (npm package, a checkout in use) there is nothing to do.
 */
const { execSync } = require("node:child_process");
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..");
if (!existsSync(join(root, "dist"))) {
  execSync("npm install --omit=dev --no-audit --no-fund", { cwd: root, stdio: "inherit" });
}
