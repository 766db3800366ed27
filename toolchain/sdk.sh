#!/usr/bin/env bash
# Regenerates sdks/libvirt from the cached provider. Works offline once `./vxlab doctor` has nothing to say
# about the toolchain. `pulumi package gen-sdk` is not used: it asks the vendor's Node.js language host to
# generate, and the replacement has no generator.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
version=0.8.3
pulumi=$root/.vxlab/toolchain/pulumi
export PULUMI_HOME=$root/.vxlab/pulumi-home PULUMI_SKIP_UPDATE_CHECK=true
bridge=$PULUMI_HOME/plugins/resource-terraform-provider-v1.1.0/pulumi-resource-terraform-provider

# Any command that needs the engine completes the toolchain first.
[[ -x $pulumi && -x $bridge ]] || "$root/vxlab" pulumi version >&2

go=$(command -v go || echo /usr/local/go/bin/go)
new=$(mktemp -d "$root/.vxlab/sdk.XXXXXX")
trap 'rm -rf "$new"' EXIT

echo "reading the schema of dmacvicar/libvirt $version" >&2
"$pulumi" package get-schema "$bridge" dmacvicar/libvirt "$version" >"$new/schema.json"

echo "generating" >&2
# go.sum is complete, so the build needs no sum database to be checked.
(cd "$root/toolchain/go/sdkgen" && GOSUMDB=off GOTOOLCHAIN=local "$go" build -mod=readonly -buildvcs=false -trimpath -o "$new/sdkgen" .)
mkdir "$new/libvirt"
"$new/sdkgen" nodejs "$new/libvirt" <"$new/schema.json"

# The project's own `npm run sdk` compiles it with the project's TypeScript: npm blocks a dependency's scripts, and a
# second copy of TypeScript or of @pulumi/pulumi must not appear. A peer, for `npm pack` bundles what is a dependency.
rm -r "$new/libvirt/scripts"
jq --indent 4 'del(.scripts) | .private = true | with_entries(
    if .key == "dependencies" then .key = "peerDependencies" | .value |= {"@pulumi/pulumi"} else . end)' \
  "$new/libvirt/package.json" >"$new/package.json"
mv "$new/package.json" "$new/libvirt/package.json"

rm -rf "$root/sdks/libvirt"
mkdir -p "$root/sdks"
mv "$new/libvirt" "$root/sdks/libvirt"
cd "$root" && npm run --silent sdk
echo "sdks/libvirt is new; see what changed with: git diff --stat sdks" >&2
