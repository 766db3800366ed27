/** Vitest runs this before each test file, also where files share a process. */
import { afterAll } from "vitest";
import { deleteTemporary } from "./temporary";

// Hooks of the end run in reverse order, so this one runs after those of the test file.
afterAll(deleteTemporary);
