/** Settings that `pulumi config set --secret` marked: carried as far as they go, or refused, and never shown. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readConfig, readOverlayConfig, veiling } from "../config";
import { TopologyError } from "../plan/errors";
import { planLab } from "../plan/plan";
import { withSecrets } from "../stacks/secrets";
import { temporary } from "./lib/temporary";
import { referenceWith } from "./plan/reference";

const CANARY = "canary-5c1e";

/** What the engine hands a program: objects as JSON, and the top-level keys that hold a secret. */
function configure(settings: object, secret: readonly string[]): void {
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  const pairs = Object.entries(settings).map(
    ([key, value]: [string, unknown]) => [`vxlab:${key}`, text(value)] as const,
  );
  pulumi.runtime.setAllConfig(
    Object.fromEntries(pairs),
    secret.map((key) => `vxlab:${key}`),
  );
}

function refusal(read: () => unknown): TopologyError {
  try {
    read();
  } catch (error) {
    if (error instanceof TopologyError) return error;
    throw error;
  }
  throw new Error("nothing is refused");
}

function planned(): never {
  throw new Error("nothing is refused");
}

function refused(error: unknown): TopologyError {
  if (error instanceof TopologyError) return error;
  throw error;
}

const web = (more: object = {}) => ({
  ...{ host: "kvm1", kind: "docker", image: "debian:12", env: { TOKEN: CANARY, MODE: "demo" }, ...more },
});
const lab = (...containers: object[]) => ({
  ...referenceWith({ image: { kind: "docker" } }),
  containers: Object.fromEntries(containers.map((one, n) => [`web${n}`, one])),
});

/** The stack's file of this test, in the working folder of its own. */
function file(text: string): void {
  const folder = temporary("stack");
  writeFileSync(join(folder, `Pulumi.${pulumi.getStack()}.yaml`), text);
  vi.spyOn(process, "cwd").mockReturnValue(folder);
}

afterEach(() => {
  vi.restoreAllMocks();
  pulumi.runtime.setAllConfig({});
});

describe("secret environment variables", () => {
  it("leave the topology, each with its name, and are marked", async () => {
    const rest = { host: "kvm1", kind: "docker", image: "debian:12" };
    configure(lab(web(), web({ env: undefined, command: ["x"] })), ["containers"]);
    const { topology, secretEnv } = readConfig();
    expect(topology.containers).toEqual({ web0: rest, web1: { ...rest, command: ["x"] } });
    expect(secretEnv).toEqual({ web0: { TOKEN: CANARY, MODE: "demo" } });
    const token = withSecrets(secretEnv).env?.["web0"]?.["TOKEN"] as pulumi.Output<string>;
    expect(await pulumi.isSecret(token)).toBe(true);
  });

  it("stay where they are when nothing is secret", () => {
    configure(lab(web()), []);
    const settings = readConfig();
    expect(settings.topology.containers).toEqual({ web0: web() });
    expect(settings).not.toHaveProperty("secretEnv");
  });

  it("leave an overlay's sections too, and are checked before its plan", () => {
    const overlay = (env: unknown) => ({
      ...{ role: "overlay", underlayStack: "u", segments: {} },
      containers: { web: web({ env }) },
    });
    configure(overlay({ TOKEN: CANARY }), ["containers"]);
    const { sections, secretEnv } = readOverlayConfig();
    expect(JSON.stringify(sections)).not.toContain(CANARY);
    expect(secretEnv).toEqual({ web: { TOKEN: CANARY } });
    configure(overlay({ "A=B": CANARY, C: [CANARY] }), ["containers"]);
    const { message, problems } = refusal(readOverlayConfig);
    expect(problems.map(({ path }) => path)).toEqual(['containers.web.env["A=B"]', "containers.web.env.C"]);
    expect(message).not.toContain(CANARY);
  });
});

describe("a secret setting that cannot be one", () => {
  const hosts = { kvm1: { address: "192.168.10.156" }, kvm2: { address: "192.168.10.222" } };

  it.each<[string, object, string]>([
    ["hosts", { ...referenceWith({ containers: {} }), hosts }, "hosts"],
    ["segments", referenceWith({}), "segments"],
    ["libvirtUri", { ...referenceWith({}), libvirtUri: "qemu+ssh://root@h/system" }, "libvirtUri"],
    ["containers", referenceWith({}), "containers"],
  ])("is refused: %s", (secret, settings, path) => {
    configure(settings, [secret]);
    const { problems } = refusal(readConfig);
    expect(problems).toEqual([
      {
        path,
        got: "[secret]",
        message: expect.stringMatching(/secret/) as string,
        cure: "Set it again without --secret. Only containers.<name>.env can be secret.",
      },
    ]);
  });

  it("is refused beside a secret variable, where the stack's file tells them apart", () => {
    const secure = "{ secure: v1:abc }";
    file(`config:
  vxlab:containers:
    web0:
      image: ${secure}
      command: [run, ${secure}]
      env: { TOKEN: ${secure}, MODE: demo }
`);
    configure(lab(web()), ["containers"]);
    const { problems } = refusal(readConfig);
    expect(problems.map(({ path }) => path)).toEqual(["containers.web0.command[1]", "containers.web0.image"]);
  });

  it("is nothing else of that file, or of one that is not there or broken", () => {
    for (const text of [
      "config:\n  vxlab:containers: { web0: { env: { TOKEN: { secure: x } } } }\n",
      "config: [",
      "",
    ]) {
      file(text);
      configure(lab(web()), ["containers"]);
      expect(readConfig().secretEnv).toBeDefined();
    }
  });

  it("is a variable that Docker would take as an argument", () => {
    configure(lab(web({ env: { "A B": CANARY, PATH: `${CANARY}\n`, OK: `${CANARY}\n` } })), ["containers"]);
    const { problems, message } = refusal(readConfig);
    expect(problems.map(({ path }) => path)).toEqual([
      'containers.web0.env["A B"]',
      "containers.web0.env.PATH",
    ]);
    expect(message).not.toContain(CANARY);
  });
});

describe("the value of a setting that holds a secret", () => {
  it.each<[string, object, string]>([
    ["of the wrong form", lab(web({ env: { TOKEN: [CANARY] } })), "containers"],
    ["in a list instead of a mapping", { ...lab(), containers: [{ env: { TOKEN: CANARY } }] }, "containers"],
    ["of a container with another fault", lab(web({ image: `${CANARY} x` })), "containers"],
    ["under a misspelt key", { ...lab(), contaners: { c: CANARY } }, "contaners"],
    ["under a key with a dot", { ...lab(), "a.b": CANARY }, "a.b"],
    ["of a scalar", { ...lab(), accel: CANARY }, "accel"],
  ])("is not shown: %s", async (_, settings, secret) => {
    const program = () =>
      veiling(() => planLab(readConfig().topology, { lab: "lab" })).then(planned, refused);
    configure(settings, [secret]);
    const hidden = await program();
    expect(hidden.message).toContain('got "[secret]"');
    expect(hidden.message).not.toContain(CANARY);
    // Without the mark it is shown: there is something to hide.
    configure(settings, []);
    expect((await program()).message).toContain(CANARY);
  });
});
