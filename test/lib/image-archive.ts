/** An image as `docker save` writes it, made without Docker and without a registry. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownImage } from "../../image/image";
import { checkout, type Project } from "./project";

/** Puts bin/busybox into the folder: the initrd's, which is static; this machine's own need not be. */
function staticBusybox(project: Project, kind: "docker" | "golden", folder: string): void {
  const { initrd = "" } = ownImage(kind, join(project.paths.cache, "image"), false);
  const cpio = ["cpio", "-i", "-d", "-m", "bin/busybox"];
  execFileSync("busybox", cpio, { cwd: folder, stdio: [openSync(initrd, "r"), "ignore", "ignore"] });
}

/**
 * A root file system with nothing but a shell, a device, and /srv/owned, whose mode is 4755 and whose owner 7:8.
 *
 * @returns the archive's path
 */
export function rootArchive(project: Project): string {
  const folder = mkdtempSync(join(project.temporary, "root-"));
  staticBusybox(project, "golden", folder);
  for (const name of ["dev", "srv"]) mkdirSync(join(folder, name));
  renameSync(join(folder, "bin", "busybox"), join(folder, "bin", "sh"));
  const owned = join(folder, "srv", "owned");
  writeFileSync(owned, "kept");
  execFileSync("chown", ["7:8", owned]);
  execFileSync("chmod", ["4755", owned]);
  execFileSync("mknod", [join(folder, "dev", "null"), "c", "1", "3"]);
  const file = join(project.temporary, "root.tar.gz");
  execFileSync("tar", ["--numeric-owner", "-C", folder, "-czf", file, "."]);
  rmSync(folder, { recursive: true });
  return file;
}

/**
 * A busybox userland with a file of our own in it.
 *
 * @returns the archive's path
 */
export function imageArchive(project: Project, said: string): string {
  const folder = mkdtempSync(join(project.temporary, "image-"));
  staticBusybox(project, "docker", folder);
  const root = join(folder, "root");
  mkdirSync(root);
  const image = join(checkout, "image");
  execFileSync(join(image, "recipe", "container-root.sh"), [join(folder, "bin", "busybox"), root]);
  writeFileSync(join(root, "etc", "said"), said);
  const archive = execFileSync(join(image, "docker", "image-archive.sh"), [root, "test/app", "/sbin/init"], {
    maxBuffer: 64 << 20,
  });
  const file = join(project.temporary, "app.tar");
  writeFileSync(file, archive);
  rmSync(folder, { recursive: true });
  return file;
}
