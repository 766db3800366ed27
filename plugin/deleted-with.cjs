/**
 * `deletedWith` in a program of another language: the SDK takes its URN for a provider's reference, which has an id behind it,
 * and cuts the name off (@pulumi/pulumi 3.248.0, provider/server.ts, construct); the engine then refuses the component.
 */
const resource = require("@pulumi/pulumi/resource");

const Provider = resource.DependencyProviderResource;

/** The type is the third part of a URN, with its parents' before it. */
const isProvider = (urn) => /^(pulumi:providers:|.*\$pulumi:providers:)/.test(urn.split("::")[2]);

resource.DependencyProviderResource = function (reference) {
  return isProvider(reference) ? new Provider(reference) : new resource.DependencyResource(reference);
};
