/**
 * A world of mocks that records what a program registers: inputs and the options that mocks do not see.
 * An unknown type of resource is an error, and so is any function call.
 */
import { existsSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as sdkState from "@pulumi/pulumi/runtime/state";
import { temporary } from "../lib/temporary";

/** What a program has of its engine, by asynchronous context; its types are the SDK's own. */
const state = sdkState as unknown as { withLocalStorage<T>(work: () => Promise<T>): Promise<T> };

/** In place of the real one, which would go out and look for hypervisors. */
let programs = "";

/** Files that share a process share this module too, and each file's folders are deleted after it. */
function provide(): string {
  if (existsSync(programs)) return programs;
  programs = temporary("programs");
  process.env["PATH"] = `${programs}${delimiter}${process.env["PATH"]}`;
  virshDoes("exit 0");
  // Looked for, never started.
  writeFileSync(join(programs, "mkisofs"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  return programs;
}

/** What virsh does, a line of shell. */
export function virshDoes(line: string): void {
  writeFileSync(join(provide(), "virsh"), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
}

/** What a provider would answer beyond the inputs, by type. */
const ANSWERS: Record<string, (name: string, inputs: Record<string, unknown>) => Record<string, unknown>> = {
  "random:index/randomId:RandomId": () => ({ hex: "00c0ffee" }),
  "random:index/randomPassword:RandomPassword": () => ({ result: Buffer.alloc(32, 7).toString("base64url") }),
  "libvirt:index/network:Network": () => ({}),
  "libvirt:index/pool:Pool": () => ({}),
  "libvirt:index/volume:Volume": () => ({}),
  "libvirt:index/cloudinitDisk:CloudinitDisk": () => ({}),
  "libvirt:index/domain:Domain": () => ({}),
  "command:remote:Command": () => ({ stdout: "{}", stderr: "" }),
  "command:remote:CopyToRemote": () => ({}),
  "pulumi:providers:libvirt": () => ({}),
};

export interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  parent: string;
  deleteBeforeReplace: boolean;
  deletedWith: string;
  replaceWith: string[];
  replaceOnChanges: string[];
  replacementTrigger: unknown;
  ignoreChanges: string[];
  /** What it was before: another type under the same name, or another name. */
  aliases: string[];
  /** Paths of inputs that reached the engine as secrets. */
  secrets: string[];
  /** Names of what it waits for, in order: what its inputs come from, and `dependsOn`. */
  dependencies: string[];
  /** Id of its provider; empty for a default one. */
  provider: string;
  /** Names of its hooks by the step that they belong to; one that a preview runs as well is marked. */
  hooks: Record<string, string[]>;
  /** Every other option that is set, in the request's own words. */
  others: Record<string, unknown>;
}

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/**
 * Runs `program` in a fresh deployment and returns every resource that it registered. In a context of its own: what a program of a test
 * before this one still registers, since that test took too long, is not this one's.
 */
export function deploy(
  program: () => unknown,
  options: { preview?: boolean; stack?: string } = {},
): Promise<Registered[]> {
  return state.withLocalStorage(() => deployHere(program, options));
}

async function deployHere(
  program: () => unknown,
  options: { preview?: boolean; stack?: string },
): Promise<Registered[]> {
  const seen: Registered[] = [];
  provide();
  await pulumi.runtime.setMocks(
    {
      newResource: ({
        type,
        name,
        inputs,
      }: {
        type: string;
        name: string;
        inputs: Record<string, unknown>;
      }) => {
        if (type.startsWith("vxlab:index:")) return { id: "", state: inputs };
        const answer = ANSWERS[type];
        if (answer === undefined) throw new Error(`the mocks know no ${type} (${name})`);
        return {
          id: identity(type, name),
          state: { ...inputs, ...answer(name, inputs) },
        };
      },
      call: ({ token }) => {
        if (token === "libvirt:index/getNodeInfo:getNodeInfo") return { cpuModel: "x86_64" };
        throw new Error(`the mocks know no function ${token}`);
      },
    },
    "vxlab",
    options.stack ?? "test",
    options.preview ?? false,
    "organization",
  );
  record(seen);
  try {
    await program();
  } finally {
    // A program that is refused leaves requests behind; the next one's mocks would not know what they are about.
    await pulumi.runtime.disconnect();
  }
  return seen;
}

function identity(type: string, name: string): string {
  return type.startsWith("libvirt:index/cloudinitDisk") ? `/pool/${name};uuid` : `${name}-id`;
}

/** Mocks see no options: the monitor's requests do. */
function record(seen: Registered[]): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource(request: Request, callback: unknown): unknown;
    registerResourceHook(request: HookRequest, callback: (error: null) => void): void;
    registerErrorHook(request: unknown, callback: (error: null) => void): void;
  };
  const inPreviews = new Set<string>();
  // The SDK's mock monitor knows no hooks (pulumi/docs#17227): take them and never call them.
  monitor.registerResourceHook = (request, callback) => {
    if (request.getOnDryRun()) inPreviews.add(request.getName());
    callback(null);
  };
  monitor.registerErrorHook = (_, callback) => callback(null);
  const send = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    const secrets: string[] = [];
    const inputs = open(request.getObject()?.toJavaScript() ?? {}, "", secrets) as Record<string, unknown>;
    seen.push({
      type: request.getType(),
      name: request.getName(),
      inputs,
      secrets,
      parent: last(request.getParent()),
      deleteBeforeReplace: request.getDeletebeforereplace(),
      deletedWith: last(request.getDeletedwith()),
      replaceWith: request.getReplaceWithList().map(last),
      replaceOnChanges: request.getReplaceonchangesList(),
      replacementTrigger: request.getReplacementTrigger()?.toJavaScript(),
      ignoreChanges: request.getIgnorechangesList(),
      aliases: request.getAliasesList().map((alias) => aliasText(alias.getSpec())),
      dependencies: request.getDependenciesList().map(last).sort(),
      provider: last(request.getProvider()),
      hooks: hooksOf(request, inPreviews),
      others: othersOf(request),
    });
    return send(request, callback);
  };
}

function aliasText(spec: { getType(): string; getName(): string } | undefined): string {
  return spec?.getType() || spec?.getName() || "";
}

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getDeletedwith(): string;
  getDeletebeforereplace(): boolean;
  getReplaceWithList(): string[];
  getReplaceonchangesList(): string[];
  getReplacementTrigger(): { toJavaScript(): unknown } | undefined;
  getIgnorechangesList(): string[];
  getAliasesList(): { getSpec(): { getType(): string; getName(): string } | undefined }[];
  getDependenciesList(): string[];
  getProvider(): string;
  getHooks(): { toObject(): Record<string, string[]> } | undefined;
  getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
  toObject(): Record<string, unknown>;
}

interface HookRequest {
  getName(): string;
  getOnDryRun(): boolean;
}

function hooksOf(request: Request, inPreviews: ReadonlySet<string>): Record<string, string[]> {
  const bound = Object.entries(request.getHooks()?.toObject() ?? {}).filter(([, names]) => names.length > 0);
  const marked = (name: string) => (inPreviews.has(name) ? `${name}, in previews as well` : name);
  return Object.fromEntries(bound.map(([step, names]) => [step.replace(/List$/, ""), names.map(marked)]));
}

/** Fields of a request that `Registered` has a name for, that follow from the inputs, or that the SDK fills in itself. */
const NO_OTHERS = new Set([
  ...["type", "name", "object", "parent", "deletebeforereplace", "deletedwith", "replaceWithList"],
  ...["replaceonchangesList", "replacementTrigger", "ignorechangesList", "aliasesList", "dependenciesList"],
  ...["provider", "hooks", "custom", "propertydependenciesMap", "deletebeforereplacedefined", "aliasspecs"],
  ...["acceptsecrets", "acceptresources", "supportspartialvalues", "supportsresultreporting"],
  ...["packageref", "sourceposition", "stacktrace", "parentstacktracehandle"],
]);

/** Asked by exclusion, so that an option which nobody thought of is seen. */
function othersOf(request: Request): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(request.toObject()).filter(([field, value]) => !NO_OTHERS.has(field) && isSet(value)),
  );
}

/** Protobuf's way of saying nothing: the empty value of a field's type. */
function isSet(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return Boolean(value);
  return Object.values(value).some(isSet);
}

/** Takes secrets out of their envelopes and notes where they were. */
function open(value: unknown, path: string, secrets: string[]): unknown {
  if (Array.isArray(value)) return value.map((item, i) => open(item, `${path}[${i}]`, secrets));
  if (typeof value !== "object" || value === null) return value;
  const entries = value as Record<string, unknown>;
  if (entries[SIGNATURE] === SECRET) {
    secrets.push(path);
    return open(entries["value"], path, secrets);
  }
  return Object.fromEntries(
    Object.entries(entries).map(([key, item]) => [
      key,
      open(item, path === "" ? key : `${path}.${key}`, secrets),
    ]),
  );
}

const last = (urn: string): string => urn.split("::").pop() ?? "";
