// What the plugin serves; the schema is read from index.ts.
module.exports = require("../dist/components");
