// The files of this machine by SFTP: what a copy asks of a server, and nothing else.
import * as fs from "node:fs";
import ssh2 from "ssh2";
import type { SFTPWrapper } from "ssh2";

const { OK, NO_SUCH_FILE, FAILURE } = ssh2.utils.sftp.STATUS_CODE;

export function serveFiles(sftp: SFTPWrapper): void {
  const answer = (id: number, f: () => void) => {
    try {
      f();
    } catch (e) {
      const { code, message } = e as NodeJS.ErrnoException;
      sftp.status(id, code === "ENOENT" ? NO_SUCH_FILE : FAILURE, message);
    }
  };
  const stat = (id: number, path: string) =>
    answer(id, () => {
      const { mode, uid, gid, size } = fs.statSync(path);
      sftp.attrs(id, { mode, uid, gid, size, atime: 0, mtime: 0 });
    });
  // As OpenSSH's does; the vendor's client waits for it.
  sftp.once("end", () => sftp.end());
  sftp.on("STAT", stat).on("LSTAT", stat);
  sftp.on("MKDIR", (id, path) => answer(id, () => (fs.mkdirSync(path), sftp.status(id, OK))));
  sftp.on("OPEN", (id, path, flags) =>
    answer(id, () => {
      const file = fs.openSync(path, ssh2.utils.sftp.flagsToString(flags) ?? "r");
      const handle = Buffer.alloc(4);
      handle.writeUInt32BE(file);
      sftp.handle(id, handle);
    }),
  );
  sftp.on("WRITE", (id, handle, offset, data) =>
    answer(id, () => {
      fs.writeSync(handle.readUInt32BE(), data, 0, data.length, offset);
      sftp.status(id, OK);
    }),
  );
  sftp.on("CLOSE", (id, handle) =>
    answer(id, () => {
      fs.closeSync(handle.readUInt32BE());
      sftp.status(id, OK);
    }),
  );
  sftp.on("FSTAT", (id, handle) =>
    answer(id, () => {
      const { mode, uid, gid, size } = fs.fstatSync(handle.readUInt32BE());
      sftp.attrs(id, { mode, uid, gid, size, atime: 0, mtime: 0 });
    }),
  );
  for (const event of ["SETSTAT", "FSETSTAT"] as const) sftp.on(event, (id: number) => sftp.status(id, OK));
}
