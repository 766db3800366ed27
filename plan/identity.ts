/** What makes computed addresses of one lab differ from another's. */
import type { Problem } from "./problem";

const LONGEST = 200;

/** It is hashed, so any text is valid, but not an empty one: labs with empty identities would collide. */
export function checkIdentity(got: unknown): Problem[] {
  const cure = "Write a text that no other lab has, such as project/stack, or leave it out.";
  const fault = (message: string): Problem[] => [{ path: "identity", got, message, cure }];
  if (typeof got !== "string") return fault("Is not a text.");
  if (got.trim() === "") return fault("Is empty.");
  return got.length > LONGEST ? fault(`Is longer than ${LONGEST} characters.`) : [];
}
