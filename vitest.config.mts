import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const exclude = [...configDefaults.exclude, ".vxlab/**", "sdks/**"];
const setupFiles = ["test/lib/set-up.ts"];
const minutes = 60_000;

interface Stage {
  /** Its place among the stages: none begins before the one before it has ended. */
  order: number;
  /** The longest test, ms. */
  limit: number;
  /** Files at a time; more than one only where limits of time are far from what is measured. @default 1 */
  workers?: number;
  globalSetup?: string[];
  /** Where its tests are. @default all of test/NAME */
  include?: string[];
  exclude?: string[];
}

/**
 * Two cores: what starts engines, daemons or machines runs after everything else. Files of the
 * lab stage may run side by side: most of the time a lab waits for one machine, and each has a libvirt and a network of its own.
 */
const stage = (name: string, { order, limit, workers = 1, globalSetup = [], ...files }: Stage) => ({
  test: {
    name,
    include: files.include ?? [`test/${name}/**/*.test.ts`],
    exclude: [...exclude, ...(files.exclude ?? [])],
    globalSetup,
    setupFiles,
    fileParallelism: workers > 1,
    maxWorkers: workers,
    sequence: { groupOrder: order },
    testTimeout: limit,
    hookTimeout: limit,
    teardownTimeout: limit,
  },
});

/** Tests that each need a process of their own. */
const apart = ["test/{components,policy,stacks}/**/*.test.ts"];

const unit = (name: string, include: string[], options: { exclude?: string[]; isolate?: boolean }) => ({
  test: {
    name,
    include,
    isolate: false,
    setupFiles,
    // One more than the cores: some tests wait for time to pass.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    ...options,
    exclude: [...exclude, ...(options.exclude ?? [])],
  },
});

/**
 * Files that begin first: of the lab stage those that take longest, so that none of them is the last one, beside a processor that has
 * nothing to do.
 */
const FIRST = [
  ...["truth", "existing-host", "fabric", "docker", "failures", "reference", "chain", "guard", "stacks"].map(
    (name) => `/test/lab/${name}.test.ts`,
  ),
  ...["life", "load", "cuts", "owners", "chain", "impairments", "examples", "drift", "go"].map(
    (name) => `/test/long/${name}.test.ts`,
  ),
];

/** The long stage is two projects, because these measure times: nothing runs beside them. */
const measuring = ["test/long/{life,load}.test.ts"];

class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = FIRST.findIndex((path) => moduleId.endsWith(path));
      return found === -1 ? FIRST.length : found;
    };
    return (await super.sort(files)).sort((one, other) => place(one) - place(other));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: InOrder },
    projects: [
      // Files share processes, so each process imports the SDK once: a third less work.
      unit("unit", ["test/**/*.test.ts"], {
        exclude: [...apart, "test/{toolchain,package,engine,lab,long}/**"],
      }),
      // The SDK's mocks are global.
      unit("unit-sdk", apart, { isolate: true }),
      stage("toolchain", {
        order: 1,
        limit: 3 * minutes,
        workers: 2,
        include: ["test/toolchain/**/*.test.ts", "packages/*/test/**/*.test.ts"],
      }),
      stage("package", {
        order: 2,
        limit: 10 * minutes,
        workers: 2,
        globalSetup: ["test/package/setup.ts"],
      }),
      stage("engine", { order: 3, limit: 5 * minutes, workers: 2 }),
      stage("lab", { order: 4, limit: 30 * minutes, workers: 3 }),
      stage("long", { order: 5, limit: 600 * minutes, include: measuring }),
      stage("long-rest", {
        order: 6,
        limit: 600 * minutes,
        workers: 2,
        include: ["test/long/**/*.test.ts"],
        exclude: measuring,
      }),
    ],
  },
});
