/** What the engine can do while the program still loads. */
import * as pulumi from "@pulumi/pulumi";

/** Milliseconds for a request to get out, before the program is too busy loading to send one. */
const SENT_AFTER = 2;

/**
 * Has the engine start a plugin: it does so when something is first asked of it, which takes a tenth of a second, and nobody
 * else is served meanwhile. What is asked for is a function that no plugin has; whether it starts shows when it is needed.
 *
 * @param version as the plugin's own package asks for it
 */
export async function startEarly(plugin: string, version: string): Promise<void> {
  const asked = pulumi.runtime.invoke(`${plugin}:index:nothing`, {}, { version });
  asked.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, SENT_AFTER));
}
