// Compiled by `npm run dist`, in the npm package already.
require("../dist/policy");
