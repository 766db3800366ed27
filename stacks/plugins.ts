/** The engine starts a plugin at the first request that needs it, and serves no other request until the plugin runs. */
import * as pulumi from "@pulumi/pulumi";
import { version } from "@pulumi/random/package.json";

/**
 * Makes the engine start the plugin of @pulumi/random while Node.js loads the program. Every stack has a resource of that package, with
 * the same version and so with the same default provider.
 */
export async function startRandom(): Promise<void> {
  // The package has no functions: the plugin refuses this one as soon as it runs.
  pulumi.runtime.invoke("random:index:start", {}, { version }).catch(() => undefined);
  // Nothing is sent while modules load, so send the request first.
  await new Promise((sent) => setImmediate(sent));
}
