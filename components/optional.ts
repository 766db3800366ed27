import * as pulumi from "@pulumi/pulumi";

/**
 * An optional property of an input, known in a preview even where the rest of the input is not. (The SDK's types declare the lifted
 * property of an output as optional itself.)
 */
export function optional<T extends object, K extends keyof T>(
  value: pulumi.Input<T>,
  key: K,
): pulumi.Output<pulumi.Unwrap<T[K]> | undefined> {
  const lifted = pulumi.output(value) as unknown as Record<K, pulumi.Output<pulumi.Unwrap<T[K]> | undefined>>;
  return lifted[key];
}
