#!/bin/sh
# What is put into a container of any kind and run there: files, and commands after a change. Everything is done by processes of the
# container, so that symbolic links in its root cannot lead out of it. A kind has KIND_box, which prints its folder on the host, and
# KIND_within SECONDS WORDS..., a shell of the container's with these arguments, and KIND_tool, which prints what begins each command of
# that shell: busybox where the image may have no tools.
# shellcheck disable=SC2034,SC2153,SC2154 # the variables come out of with_state, by eval

# What next_file sets, as locals of its callers: eval "$FILE".
FILE="local f=0 path mode owner sha256"

# next_file: file number f, which goes up; false after the last. Sets: $FILE
next_file() {
  [ "$f" -lt "${files_count:-0}" ] || return 1
  eval "path=\$files_${f}_path mode=\$files_${f}_mode owner=\$files_${f}_owner sha256=\$files_${f}_sha256"
  f=$((f + 1))
}

# Paths and owners are in scripts.
content_plain() {
  eval "$FILE"
  while next_file; do plain "$path" "$mode" "$owner" "$sha256"; done
}

# Called once the container runs. The container's folder has two marks: the paths of files that were put into it, and a hash of what the
# commands last ran for.
content_apply() {
  local box
  box=$("${kind}_box")
  content_files
  content_exec
}

# Writes files that differ, removes those that are no longer wanted, and checks the result.
content_files() {
  local faults
  if [ "${files_count:-0}" = 0 ] && [ ! -e "$box/files" ]; then return 0; fi
  content_plain
  faults=$(content_gone && content_faults) || fail "container $name: its files cannot be read: $faults"
  if [ -n "$faults" ]; then
    faults=$(content_script | "${kind}_within" 120 -s 2>&1) || fail "container $name: $faults"
    faults=$(content_faults)
    [ -z "$faults" ] || fail "container $name: its files are not as wanted after they were written: $faults"
  fi
  if [ "${files_count:-0}" = 0 ]; then rm -f "$box/files"; else content_paths >"$box/files"; fi
}

content_paths() {
  eval "$FILE"
  while next_file; do printf '%s\n' "$path"; done
}

# Paths that vxlab has put there and that are no longer wanted.
content_gone() {
  [ ! -e "$box/files" ] || { content_paths && echo / && cat "$box/files"; } |
    awk '$0 == "/" { had = 1; next } had && !($0 in want) { print } !had { want[$0] }'
}

# The script that writes the files, for a shell of the container. LXC's init runs it too, before the first process.
content_script() {
  local tool one
  eval "$FILE"
  tool=$("${kind}_tool")
  printf "B='%s'\nfailed=0\n" "$tool"
  cat <<'SCRIPT'
fault() { echo "file $1: $2" >&2; failed=1; }
file() {
  if [ -d "$1" ] && [ ! -L "$1" ]; then fault "$1" "is a folder" && return; fi
  if [ -L "$1" ] || [ ! -f "$1" ] || [ "$($B sha256sum <"$1" | $B cut -c1-64)" != "$2" ]; then
    folder=${1%/*}
    new=$folder/.vxlab-new
    $B mkdir -p "${folder:-/}" && $B rm -f "$new" && (umask 077 && $B base64 -d >"$new") || { fault "$1" "cannot be written"; return; }
    $B chown "$4" "$new" && $B chmod "$3" "$new" || { fault "$1" "cannot be given to $4"; $B rm -f "$new"; return; }
    $B mv -f "$new" "$1" 2>/dev/null || { $B cat "$new" >"$1" && $B rm -f "$new"; } || { fault "$1" "cannot be written"; return; }
  fi
  $B chown "$4" "$1" && $B chmod "$3" "$1" || fault "$1" "cannot be given to $4 with mode $3"
}
SCRIPT
  content_gone | while read -r one; do echo "\$B rm -f $one"; done
  while next_file; do
    printf "file %s %s %s %s <<'_'\n" "$path" "$sha256" "$mode" "$owner"
    eval "printf '%s\n_\n' \"\${contents_$((f - 1))-}\""
  done
  echo "exit \$failed"
}

# One line for each file: its number, then the hash, mode and owner that were found, written as they are wanted if they mean the same; the
# number alone if there is no such file.
content_look() { content_looks | "${kind}_within" 60 -s; }

content_looks() {
  local tool
  eval "$FILE"
  tool=$("${kind}_tool")
  printf "B='%s'\n" "$tool"
  cat <<'SCRIPT'
look() {
  if [ -L "$2" ] || [ ! -f "$2" ]; then echo "$1" && return; fi
  set -- "$1" "$2" "$3" "$4" $($B stat -c '%a %u %g %U %G %s' "$2")
  mode=$3
  [ $((0$3)) = $((0$5)) ] || mode=$5
  user=${4%%:*}
  case $user in "$6" | "$8") ;; *) user=$6 ;; esac
  owner=$user
  case $4 in *:*) case ${4#*:} in "$7" | "$9") owner=$user:${4#*:} ;; *) owner=$user:$7 ;; esac ;; esac
  shift 9
  if [ "$1" -gt 1048576 ]; then sum=large; else sum=$($B sha256sum <"$path" | $B cut -c1-64); fi
  echo "$number $sum $mode $owner"
}
SCRIPT
  while next_file; do printf 'number=%s path=%s\nlook %s %s %s %s\n' $((f - 1)) "$path" $((f - 1)) "$path" "$mode" "$owner"; done
}

# Differences from what is wanted, one line each.
content_faults() {
  local found
  if [ "${files_count:-0}" = 0 ]; then return 0; fi
  found=$(content_look) || return 1
  { content_wanted && printf '%s\n' "$found"; } | awk '
    $1 == "want" { path[$2] = $3; sum[$2] = $4; mode[$2] = $5; owner[$2] = $6; n++; next }
    NF == 1 { missing[$1] }
    { seen[$1]; is_sum[$1] = $2; is_mode[$1] = $3; is_owner[$1] = $4 }
    END {
      for (i = 0; i < n; i++) {
        if (i in missing || !(i in seen)) print "file " path[i] " is missing"
        else if (is_sum[i] != sum[i]) print "file " path[i] " holds something else"
        else if (is_mode[i] != mode[i]) print "file " path[i] " has mode " is_mode[i] " instead of " mode[i]
        else if (is_owner[i] != owner[i]) print "file " path[i] " belongs to " is_owner[i] " instead of " owner[i]
      }
    }'
}

content_wanted() {
  eval "$FILE"
  while next_file; do echo "want $((f - 1)) $path $sha256 $mode $owner"; done
}

# The files as they are, as lines for observe.awk.
content_observed() {
  [ "${files_count:-0}" != 0 ] || return 0
  content_look | awk '
    NF == 1 { $2 = $3 = $4 = "" }
    { print "text files." $1 ".sha256" ($2 == "" ? "" : " " $2); print "text files." $1 ".mode" ($3 == "" ? "" : " " $3)
      print "text files." $1 ".owner" ($4 == "" ? "" : " " $4) }'
}

# Runs the commands in their order. All of them run again when one of them or a file has changed, and in a recreated container. If one fails
# there is no mark, so that the next step runs them again.
content_exec() {
  local mark i=0
  if [ "${exec_count:-0}" = 0 ]; then rm -f "$box/done" && return; fi
  mark=$(content_mark)
  [ "$mark" != "$(cat "$box/done" 2>/dev/null)" ] || return 0
  while [ "$i" -lt "$exec_count" ]; do
    eval "content_run \"\$exec_${i}_timeout\" $(eval "printf %s \"\$exec_${i}_command\"")"
    i=$((i + 1))
  done
  printf '%s\n' "$mark" >"$box/done"
}

# content_run SECONDS WORDS...: command number i.
content_run() {
  local said code=0
  said=$("${kind}_within" $(($1 + 30)) -c "$(content_runner)" vxlab "$@" 2>&1) || code=$?
  case $code in
    0) ;;
    124 | 137 | 143) fail "container $name: exec[$i] was ended after $1 s: $(content_said "$said")" ;;
    *) fail "container $name: exec[$i] failed with $code: $(content_said "$said")" ;;
  esac
}

# Its output goes to a file in the container: a process that it leaves running must not keep the step waiting.
content_runner() {
  local tool
  tool=$("${kind}_tool")
  printf "B='%s'\n" "$tool"
  cat <<'RUN'
wait=$1 log=/.vxlab-exec
shift
$B timeout -k 5 "$wait" "$@" >$log 2>&1 </dev/null
code=$?
[ $code = 0 ] || $B tail -c 1500 $log
exit $code
RUN
}

content_mark() {
  local i=0
  {
    content_wanted
    while [ "$i" -lt "$exec_count" ]; do
      eval "printf '%s\n' \"\$exec_${i}_command \$exec_${i}_timeout\""
      i=$((i + 1))
    done
  } | sha256sum | cut -c1-64
}

# content_said TEXT: on one line, without the values of variables, which may be secrets.
content_said() { printf '%s\n' "$1" | tr '\n' ' ' | docker_veiled; }

# One line for each file, route and kernel setting that somebody changed, after the container's lab and step (drift.sh).
inside_drift() {
  local file
  if [ -n "${looked-}" ]; then kept_each container inside_drift_of && return; fi
  # Starts awk only if there is something to compare.
  grep -lsE '"(files|routes|sysctls)" *: *\[ *\{' "$STATE"/desired/container-*.json | while read -r file; do
    with_kept "$file" inside_drift_of </dev/null
  done
}

inside_drift_of() {
  local state pid found
  [ "${files_count:-0}${routes_count:-0}${sysctls_count:-0}" != 000 ] || return 0
  "${kind}_look"
  # A container that is not running is reported elsewhere.
  [ "$state" = RUNNING ] || return 0
  { content_faults && routing_faults; } | while read -r found; do printf '%s\tcontainer %s: %s\n' "$lab/$step" "$name" "$found"; done
}
