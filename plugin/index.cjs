// What the plugin serves; the schema is read from index.ts.
require("./deleted-with.cjs");
module.exports = require("../dist/components");
