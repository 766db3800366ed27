import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/**
 * 32 random bytes, base64, kept as a secret.
 *
 * Not RandomBytes, whose id is its value (pulumi-random, computeRandomBytesID): ids are stored in plain text in the state
 * (pulumi/pulumi#8946). A password's id is "none", and 43 of base64's 64 characters are 258 bits.
 */
export function secretBytes(name: string, parent: pulumi.Resource): pulumi.Output<string> {
  return new random.RandomPassword(name, { length: 43, overrideSpecial: "-_" }, { parent }).result;
}
