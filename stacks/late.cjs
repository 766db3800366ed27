/** Modules that are loaded when they are needed, not when they are required. */
const { Module } = require("node:module");

/** Puts a module in the place of another, before anybody requires that. */
function stand(file, exports) {
  const placed = Object.assign(new Module(file), { filename: file, loaded: true, exports });
  require.cache[file] = placed;
  return placed;
}

/** Functions of a module, which is loaded when the first of them is called. */
function later(file, names) {
  const calls = names.map((name) => [name, (...args) => load()[name](...args)]);
  const load = loader(file, stand(file, Object.fromEntries(calls)));
}

/**
 * A module as a whole, which is loaded when something of it is first asked for. It says of itself that it is compiled from
 * ES modules, so that TypeScript's helpers hand it on without looking into it: of those that are not, nobody may take the
 * default.
 *
 * @param instead functions in the place of some of its own, each made from a function that loads the module
 */
function lazy(file, instead = {}) {
  const handler = {
    get: (_, name) => (name === "__esModule" ? true : (own[name] ?? load()[name])),
    has: (_, name) => name in load(),
    ownKeys: () => Reflect.ownKeys(load()),
    getOwnPropertyDescriptor: (_, name) => descriptor(load(), name),
  };
  const load = loader(file, stand(file, new Proxy({}, handler)));
  const own = Object.fromEntries(Object.entries(instead).map(([name, make]) => [name, make(load)]));
}

/** As a Proxy must tell it of what its target does not have. */
function descriptor(exports, name) {
  const found = Object.getOwnPropertyDescriptor(exports, name);
  return found && { ...found, configurable: true };
}

function loader(file, placed) {
  return () => {
    if (require.cache[file] === placed) delete require.cache[file];
    return require(file);
  };
}

module.exports = { stand, later, lazy };
