# shellcheck shell=bash
# What build.sh and cloud-like.sh share. Everything for people goes to stderr; stdout is the one line of JSON.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { printf 'image: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# need TOOL=PACKAGE...: all that is missing at once, with the one line that cures it.
need() {
  local missing=() packages=() pair
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || { missing+=("${pair%%=*}"); packages+=("${pair#*=}"); }
  done
  [ -e "$keyring" ] || { missing+=("Debian's archive keys"); packages+=(debian-archive-keyring); }
  [ ${#missing[@]} -eq 0 ] || die "missing: ${missing[*]}. Run: apt-get install -y --no-install-recommends $(printf '%s\n' "${packages[@]}" | sort -u | tr '\n' ' ' | sed 's/ $//')"
}

# recipe_hash FILE_OR_DIR...: 12 hex digits over names, contents and execute bits (run in image/). Same recipe, same hash,
# on any machine and in any locale.
recipe_hash() {
  {
    find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    find "$@" -type f -perm -u+x -print0 | LC_ALL=C sort -z | tr '\0' '\n'
  } | sha256sum | cut -c1-12
}

# host_sources SUITE...: this machine's own Debian sources for those suites as sources.list lines, so that a mirror or
# proxy that was set up here is used without being named in any file of this project. Nothing printed: mmdebstrap's default.
host_sources() {
  local suite
  for suite in "$@"; do
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
      'Created-By: Packages' 'Origin: Debian' "Codename: $suite" 2>/dev/null || true
  done | awk -v key="$keyring" '{ print "deb [signed-by=" key "] " $1, $2, $3 }' | sort -u
}

# lock FILE: one build at a time; the second waits and then finds the first one's result.
lock() {
  exec 9>"$1"
  flock -n 9 || { say "another build is running, waiting for it"; flock 9; }
}

# bootstrap SUITE DIR VARIANT PACKAGES: Debian into DIR, without recommends, documentation and translations.
bootstrap() {
  local sources log=$2.log
  sources=$(host_sources "$1" "$1-updates" "$1-security")
  echo "${sources:-}" | mmdebstrap --variant="$3" --mode=root --format=directory --include="$4" \
    --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    "$1" "$2" ${sources:+-} >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2 && die "mmdebstrap failed (its last lines are above)"; }
}

# package_versions ROOT: what Debian's packages in it are, for recipe.txt.
package_versions() {
  # shellcheck disable=SC2016 # dpkg-query's own variables
  chroot "$1" dpkg-query -W -f '${Package} ${Version}\n'
}
