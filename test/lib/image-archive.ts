/** An image as `docker save` writes it, made without Docker and without a registry. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownImage } from "../../image/image";
import { checkout, type Project } from "./project";

/**
 * A busybox userland with a file of our own in it.
 *
 * @returns the archive's path
 */
export function imageArchive(project: Project, said: string): string {
  const folder = mkdtempSync(join(project.temporary, "image-"));
  const { initrd = "" } = ownImage("docker", join(project.paths.cache, "image"), false);
  // The initrd's, which is static; this machine's own need not be.
  const cpio = ["cpio", "-i", "-d", "-m", "bin/busybox"];
  execFileSync("busybox", cpio, { cwd: folder, stdio: [openSync(initrd, "r"), "ignore", "ignore"] });
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
