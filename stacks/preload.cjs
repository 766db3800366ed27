/** Loaded before the program (Pulumi.yaml, `nodeargs`): what shortens its start. */
require("./compiled.cjs");
// The switch: with VXLAB_WHOLE_SDK=1 the Pulumi SDK stays as it was published.
if (process.env.VXLAB_WHOLE_SDK !== "1") require("./sdk.cjs");
