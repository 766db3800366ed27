import { configDefaults, defineConfig } from "vitest/config";

const exclude = [...configDefaults.exclude, ".vxlab/**", "sdks/**"];
const minutes = 60_000;

/** Two cores: what starts engines, daemons or machines runs one file at a time, after everything else. */
const serial = (name: string, order: number, limit: number, globalSetup: string[] = []) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    exclude,
    globalSetup,
    fileParallelism: false,
    sequence: { groupOrder: order },
    testTimeout: limit,
    hookTimeout: limit,
    teardownTimeout: limit,
  },
});

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...exclude, "test/{toolchain,package,engine,lab}/**"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      serial("toolchain", 1, 3 * minutes),
      serial("package", 2, 10 * minutes, ["test/package/setup.ts"]),
      serial("engine", 3, 5 * minutes),
      serial("lab", 4, 30 * minutes),
    ],
  },
});
