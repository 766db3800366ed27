// command:remote:CopyToRemote: copies a file or a text to another machine by SFTP. Refuses folders, archives and URLs.
import { randomBytes } from "node:crypto";
import { posix } from "node:path";
import type { Client, SFTPWrapper } from "ssh2";
import { failures, withIgnored, withoutInternal } from "./command";
import { connectionOf } from "./connection";
import { dial } from "./dial";
import { orAborted } from "../lib/cancel";
import { diff } from "../lib/diff";
import { messageOf, unsupported } from "../lib/errors";
import type { Context, DiffResult, Failure, Resource } from "../lib/provider";
import type { ObjectSpec, Schema } from "../lib/schema";
import { asText, isAsset, isObject, isSpecial, isUnknown, reveal } from "../lib/value";
import type { Props, Value } from "../lib/value";

export const COPY_TYPE = "command:remote:CopyToRemote";

export class CopyToRemote implements Resource {
  private readonly inputs: ObjectSpec;

  constructor(private readonly schema: Schema) {
    this.inputs = schema.inputs(COPY_TYPE) ?? {};
  }

  check(news: Props): { inputs: Props; failures: Failure[] } {
    const { value, problems } = this.schema.check(this.inputs, news);
    const source = reveal(news.source ?? null);
    const whole = isUnknown(source) || isSpecial(source);
    const reason = "either asset or archive must be set";
    return {
      inputs: value,
      failures: [
        ...failures(problems, "remote.CopyToRemoteInputs"),
        ...(whole ? [] : [{ property: "asset", reason }]),
      ],
    };
  }

  diff(_state: Props, oldInputs: Props, news: Props, ignore: readonly string[]): DiffResult {
    const kept = byContent(withoutInternal(withIgnored(news, oldInputs, ignore)));
    const changes = diff(byContent(withoutInternal(oldInputs)), kept);
    const replaces = new Set([...changes.keys()].filter((path) => path === "triggers"));
    return { changes, replaces, hasChanges: changes.size > 0, detailed: true };
  }

  async create(inputs: Props, context: Context): Promise<{ id: string; state: Props }> {
    const id = randomBytes(4).toString("hex");
    if (!context.preview) await copy(inputs, context);
    return { id, state: inputs };
  }

  /** A changed connection alone copies nothing. */
  async update(state: Props, inputs: Props, ignore: readonly string[], context: Context): Promise<Props> {
    const news = withIgnored(inputs, state, ignore);
    const same = hashOf(news.source) === hashOf(state.source) && news.remotePath === state.remotePath;
    if (!context.preview && !same) await copy(news, context);
    return news;
  }

  /** Leaves the copy on the machine. */
  delete(): Promise<void> {
    return Promise.resolve();
  }

  read(id: string, state: Props, inputs: Props): { id: string; state: Props; inputs: Props } {
    return { id, state, inputs };
  }
}

function hashOf(source: Value | undefined): Value | undefined {
  const bare = reveal(source ?? null);
  return isObject(bare) ? bare.hash : undefined;
}

/** Assets are equal if their contents are, so a checkout that moved copies nothing (sdk/go/common/resource/asset, Equals). */
function byContent(props: Props): Props {
  const hash = hashOf(props.source);
  return hash === undefined ? props : { ...props, source: hash };
}

async function copy(inputs: Props, { signal, log }: Context): Promise<void> {
  const source = reveal(inputs.source ?? null);
  const { path, text } = isAsset(source) ? source : {};
  const file = typeof path === "string" ? path : undefined;
  if (file === undefined && typeof text !== "string")
    throw unsupported("CopyToRemote of anything but a file or a text", "command");
  const target = asText(reveal(inputs.remotePath ?? null));
  const client = await dial(connectionOf(inputs.connection), signal, log);
  client.on("error", () => undefined);
  try {
    const sftp = await orAborted(signal, open(client));
    await orAborted(signal, put(sftp, target, file, typeof text === "string" ? text : ""));
  } finally {
    client.end();
  }
}

function open(client: Client): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    client.once("close", () => reject(new Error("EOF")));
    client.sftp((e, sftp) => (e ? reject(e) : resolve(sftp)));
  });
}

async function put(sftp: SFTPWrapper, target: string, file: string | undefined, text: string): Promise<void> {
  const found = await isFolder(sftp, target);
  if (found && file === undefined)
    throw new Error(
      `remote path ${target} is a directory; when using a text asset, remotePath must be a file path`,
    );
  const path = found ? posix.join(target, posix.basename(file ?? "")) : target;
  if (found === undefined) await makeFolders(sftp, posix.dirname(path));
  await new Promise<void>((resolve, reject) => {
    const done = (e: unknown) =>
      e
        ? reject(new Error(`failed to copy ${file ?? "text"} to remote path ${path}: ${messageOf(e)}`))
        : resolve();
    // Many chunks in flight: an emulated machine needs milliseconds for each.
    if (file !== undefined) sftp.fastPut(file, path, done);
    else sftp.writeFile(path, text, done);
  });
}

/** Undefined if the path does not exist. */
function isFolder(sftp: SFTPWrapper, path: string): Promise<boolean | undefined> {
  return new Promise((resolve) =>
    sftp.stat(path, (e, stats) => resolve(e ? undefined : stats.isDirectory())),
  );
}

async function makeFolders(sftp: SFTPWrapper, path: string): Promise<void> {
  if ((await isFolder(sftp, path)) !== undefined) return;
  await makeFolders(sftp, posix.dirname(path));
  await new Promise<void>((resolve, reject) =>
    sftp.mkdir(path, (e) =>
      e ? reject(new Error(`failed to create parent directories for ${path}: ${messageOf(e)}`)) : resolve(),
    ),
  ).catch(async (e: unknown) => {
    // Created concurrently.
    if ((await isFolder(sftp, path)) !== true) throw e;
  });
}
