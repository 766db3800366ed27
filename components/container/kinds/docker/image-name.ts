/**
 * Names of images as Docker takes them: [registry[:port]/]path[:tag][@digest], by the grammar of github.com/distribution/reference
 * (regexp.go) with the rules of its normalize.go for what is a registry and what the first part of a path.
 */

/** A part of a path: lower case, with single . or _, double _ or any number of - inside. */
const COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const PATH = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
const REGISTRY = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[A-Fa-f0-9:]+\\])(?::[0-9]+)?$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
/** go-digest's algorithms, with as many digits as each has. */
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;
/** RepositoryNameTotalLengthMax (reference.go). */
const LONGEST = 255;

/** Why this is not an image name; undefined when it is one. */
export function imageFault(got: unknown): string | undefined {
  if (typeof got !== "string") return NOT_A_NAME;
  const [rest = "", digest, ...more] = got.split("@");
  if (more.length > 0 || (digest !== undefined && !DIGEST.test(digest)))
    return "Is not the name of an image: a digest is sha256: and 64 hexadecimal digits in lower case.";
  const [registry, tagged] = splitRegistry(rest);
  if (registry !== undefined && !REGISTRY.test(registry))
    return `Is not the name of an image: ${quote(registry)} is not a registry.`;
  const [path = "", tag, ...others] = tagged.split(":");
  if (path !== path.toLowerCase()) return `Is not the name of an image: ${quote(path)} is not in lower case.`;
  if (!PATH.test(path) || path.length > LONGEST || others.length > 0) return NOT_A_NAME;
  if (tag !== undefined && !TAG.test(tag)) return `Is not the name of an image: ${quote(tag)} is not a tag.`;
  return /^[0-9a-f]{64}$/.test(got)
    ? "Is not the name of an image: Docker takes 64 hexadecimal digits for an id."
    : undefined;
}

const NOT_A_NAME = "Is not the name of an image.";

function quote(text: string): string {
  return JSON.stringify(text);
}

/** The part before the first / is a registry if it is not a valid part of a path, or is localhost. */
function splitRegistry(name: string): [registry: string | undefined, rest: string] {
  const slash = name.indexOf("/");
  const head = name.slice(0, Math.max(slash, 0));
  const isRegistry = head === "localhost" || /[.:]/.test(head) || head !== head.toLowerCase();
  return isRegistry ? [head, name.slice(slash + 1)] : [undefined, name];
}
