import { configDefaults, defineConfig } from "vitest/config";

const exclude = [...configDefaults.exclude, ".vxlab/**", "sdks/**"];
const minutes = 60_000;

/** Two cores: what starts engines, daemons or machines runs one file at a time, after everything else. */
const serial = (name: string, order: number, limit: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    exclude,
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
          exclude: [...exclude, "test/{toolchain,engine,lab}/**"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      serial("toolchain", 1, 3 * minutes),
      serial("engine", 2, 5 * minutes),
      serial("lab", 3, 30 * minutes),
    ],
  },
});
