# shellcheck shell=bash
# What the benches share: a private copy of the project with a lab of its own, which is removed when the bench ends. Needs root.

# shellcheck disable=SC2034 # for the benches
source=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd -P)
missing=
for program in git jq; do
  command -v "$program" >/dev/null || missing+=" $program"
done
[[ -z $missing ]] || {
  echo "the benches lack$missing; run as root: apt-get install -y --no-install-recommends$missing" >&2
  exit 3
}

copy=$(mktemp -d /tmp/vxlab-bench.XXXXXX)
log=$copy.log

now() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
say() { printf '%s\n' "$*" >&2; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
seconds() { awk -v ms="$1" 'BEGIN { printf "%.1f s", ms / 1000 }'; }
median() { printf '%s\n' "$@" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# timed COMMAND…: prints milliseconds; the command's output goes to the log.
timed() {
  local begin
  begin=$(now)
  "$@" >>"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    say "failed: $*"
    exit 1
  }
  echo $(($(now) - begin))
}

# The log is kept after a failure.
clean() {
  local status=$?
  "$copy/vxlab" down >>"$log" 2>&1 || status=1
  if ((status == 0)); then rm -f "$log"; else say "see $log"; fi
  rm -rf "$copy"
}

# Copies the files that git tracks, as they are in the work tree. The toolchain is set up and the guest image built, if needed.
private_copy() {
  trap clean EXIT
  (cd "$source" && git ls-files -z | xargs -0 cp -p --parents -t "$copy")
  ln -s "$source/node_modules" "$copy/node_modules"
  cp -r "$source/sdks/libvirt/bin" "$copy/sdks/libvirt/"
  # Marks the packages as those of this lock file: an `npm ci` would empty the link's target.
  mkdir "$copy/.vxlab" && sha256sum <"$copy/package-lock.json" >"$copy/.vxlab/npm.sum"
  say "set-up (not timed) …"
  "$copy/vxlab" preview >>"$log" 2>&1
}

# pulumi FOLDER WORDS…: the plain CLI there.
pulumi() { (cd "$copy/${1#.}" && "$copy/.vxlab/bin/pulumi" "${@:2}" --non-interactive); }

# settings YAML: the lab's settings, instead of those of Pulumi.yaml.
settings() {
  local file=$copy/Pulumi.lab.yaml salt
  salt=$(grep '^encryptionsalt:' "$file" 2>/dev/null) || :
  printf '%s\nconfig:\n%s\n' "$salt" "$1" >"$file"
}

# on HOST COMMAND: runs a command on a host of the lab.
on() { "$copy/vxlab" ssh "$1" -- "$2" 2>>"$log"; }
