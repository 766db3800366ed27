/** Puts the pieces where the engine looks for them. */
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pulumiWrapper, type Paths } from "../../system/paths";
import type { Piece } from "../pieces/piece";
import { providerPath } from "../pieces/plugins";
import { versions } from "../pieces/versions";

interface Parts {
  language: Piece;
  bridge: Piece;
  provider: Piece;
  plugins: Piece[];
}

export function linkCli(paths: Paths, cli: Piece): void {
  link(cli.path, join(paths.dot, "toolchain", "pulumi"));
  link(join(paths.root, "toolchain", "pulumi.sh"), pulumiWrapper(paths));
}

/** PULUMI_HOME. The engine ignores a plugin folder that is a link, so only programs are links. */
export function layOut(paths: Paths, { language, bridge, provider, plugins }: Parts): void {
  const home = join(paths.pulumiHome, "plugins");
  rmSync(home, { recursive: true, force: true });
  const program = "pulumi-resource-terraform-provider";
  const folder = join(home, `resource-terraform-provider-v${versions.bridge}`);
  link(join(bridge.path, program), join(folder, program));
  link(provider.path, join(paths.pulumiHome, providerPath));
  for (const { path, name, version } of plugins)
    cpSync(path, join(home, `resource-${name}-v${version}`), { recursive: true });
  // The CLI finds the vendor's language host beside itself, and a stand-in where all plugins are.
  if (language.source === "stand-in")
    cpSync(language.path, join(home, `language-nodejs-v${versions.pulumi}`), { recursive: true });
}

export function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  const inside = target.startsWith(`${dirname(dirname(dirname(path)))}/`);
  symlinkSync(inside ? relative(dirname(path), target) : target, path);
}

/** Encrypts the secrets in the state. Whoever can read `.vxlab/` can read the passphrase. */
export function writePassphrase(paths: Paths): void {
  mkdirSync(paths.state, { recursive: true });
  if (!existsSync(paths.passphrase))
    writeFileSync(paths.passphrase, randomBytes(24).toString("base64url"), { mode: 0o600 });
}
