/** Fixes faults of Go modules in a copy, which is compiled instead. go.sum still pins what is fetched. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../../system/paths";
import { must } from "../../system/process";

export interface Mend {
  module: string;
  /** Inside the module. */
  file: string;
  /** Each text occurs once in the file and is replaced by the second one. */
  edits: readonly (readonly [string, string])[];
}

const STREAM_EDITS: Mend["edits"] = [
  ["\tStatus  uint32\n}", "\tStatus  uint32\n\tStream  bool\n}"],
  [
    "response{Payload: buf, Status: h.Status}",
    "response{Payload: buf, Status: h.Status, Stream: h.Type == socket.Stream}",
  ],
  ["c := make(chan response)\n", "c := make(chan response, 16)\n"],
  [
    "resp, err := l.getResponse(c)\n\tif err != nil {\n\t\treturn resp, err\n\t}\n\n\tif out",
    "var early []response\n\tresp, err := l.getResponse(c)\n\tfor err == nil && resp.Stream {\n" +
      "\t\tearly = append(early, resp)\n\t\tresp, err = l.getResponse(c)\n\t}\n" +
      "\tif err != nil {\n\t\treturn resp, err\n\t}\n\n\tif out",
  ],
  ["resp, err = l.processIncomingStream(c, in)", "resp, err = l.processIncomingStream(c, in, early)"],
  ["return l.processIncomingStream(c, in)", "return l.processIncomingStream(c, in, early)"],
  [
    "processIncomingStream(c chan response, inStream io.Writer)",
    "processIncomingStream(c chan response, inStream io.Writer, early []response)",
  ],
  [
    "for {\n\t\tresp, err := l.getResponse(c)\n",
    "for {\n\t\tvar resp response\n\t\tvar err error\n\t\tif len(early) > 0 {\n" +
      "\t\t\tresp, early = early[0], early[1:]\n\t\t} else {\n\t\t\tresp, err = l.getResponse(c)\n\t\t}\n",
  ],
];

/**
 * libvirtd may send a stream's first data before the reply to the call that opened the stream. go-libvirt takes the first
 * message for the reply and the reply for the end of the stream. Then the data is lost, and the provider deadlocks or
 * cannot read a seed that it has just written. The fix goes by the message's header, and the buffered channel keeps late
 * messages from blocking (part of digitalocean/go-libvirt#241).
 */
export const libvirtStreams: Mend = {
  module: "github.com/digitalocean/go-libvirt",
  file: "rpc.go",
  edits: STREAM_EDITS,
};

/** @throws Error when the text is not the expected one */
export function edited(text: string, { module, file, edits }: Mend): string {
  return edits.reduce((now, [from, to]) => {
    const [before, after, ...more] = now.split(from);
    if (before === undefined || after === undefined || more.length > 0)
      throw new Error(
        `${file} of ${module} has changed, so it cannot be fixed; not found exactly once: ${JSON.stringify(from)}`,
      );
    return before + to + after;
  }, text);
}

/** Copies and fixes the module in the folder `work`. Returns arguments for `go build` in the wrapper module `cwd`. */
export async function mended(
  go: string,
  mend: Mend,
  work: string,
  { cwd, env }: { cwd: string; env: Environment },
): Promise<string[]> {
  const { module, file } = mend;
  const answer = await must(go, ["mod", "download", "-json", module], { cwd, env, timeout: 600 });
  const copy = join(work, "module");
  cpSync((JSON.parse(answer) as { Dir: string }).Dir, copy, { recursive: true });
  writeFileSync(join(copy, file), edited(readFileSync(join(copy, file), "utf8"), mend));
  const modfile = join(work, "go.mod");
  writeFileSync(modfile, `${readFileSync(join(cwd, "go.mod"), "utf8")}\nreplace ${module} => ${copy}\n`);
  cpSync(join(cwd, "go.sum"), join(work, "go.sum"));
  return [`-modfile=${modfile}`];
}
