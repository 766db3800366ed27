/**
 * The form in which the guest tools travel: gzip (RFC 1952) in base64 on one line. A stack's state holds them twice for each host, and each
 * Pulumi command reads and sends all of it.
 *
 * Packing must give the same bytes on each computer, since other bytes would update each bridge. Node.js's zlib differs by version.
 */
import { gunzipSync } from "node:zlib";
import { gzipSync, strToU8 } from "fflate";

/** Packs a script but for its first line, which names a shell: the host has its own. */
export function pack(script: string): string {
  const body = script.slice(script.indexOf("\n") + 1);
  return Buffer.from(gzipSync(strToU8(body), { mtime: 0 })).toString("base64");
}

/** The script without its first line. Tools that an older vxlab sent unpacked are returned unchanged. */
export function unpack(packed: string): string {
  if (packed.startsWith("#!")) return packed.slice(packed.indexOf("\n") + 1);
  return gunzipSync(Buffer.from(packed, "base64")).toString("utf8");
}
