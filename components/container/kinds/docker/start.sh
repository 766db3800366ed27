#!/bin/sh
# Creates a Docker container and starts its first process. Environment variables arrive unchanged, whatever their names are, and are passed
# as arguments of a process only if Docker has no other way.
# shellcheck disable=SC2034,SC2153,SC2154 # the variables come out of with_state, by eval

# docker_is_box: true for a transparent middle box of a chain. To join its two interfaces it needs what LXC's root has anyway.
docker_is_box() {
  eval "$NIC"
  while next_nic; do [ "$vlan" != "$DEAD_VLAN" ] || return 0; done
  return 1
}

docker_create() {
  local lines exports n one way first privileges
  docker_words
  printf 'set -- %s\n' "$first" >"$box/in/first"
  set --
  # A first line of its own: Docker drops a byte order mark at the start of the file.
  lines='#' exports='' n=0
  while docker_variable; do
    docker_way
    case $way in
      line) lines="$lines
$one" ;;
      export) exports="$exports export ${one%%=*}=\"\${env_$((n - 1))#*=}\";" && set -- "$@" -e "${one%%=*}" ;;
      word) set -- "$@" -e "$one" ;;
    esac
  done
  docker_privileges
  eval "set -- $privileges \"\$@\""
  ! docker_is_box || set -- --cap-add NET_ADMIN "$@"
  set -- "${ENGINE_WAIT:-180}" docker create --name "$box_name" --hostname "$name" --network none --restart no \
    --label "vxlab-container=$id" --label "vxlab-shape=$shape" \
    --mount "type=bind,src=$box/in,dst=/.vxlab,readonly" --entrypoint /.vxlab/busybox \
    --env-file /proc/self/fd/0 "$@" "$image_id" sh /.vxlab/start
  # Not /dev/stdin, which our own image lacks. The exports are in a subshell and may override its variables, so after them only "$@" is
  # used.
  (eval "$exports" && exec timeout "$@" 9>&-) >/dev/null <<LINES
$lines
LINES
}

# Docker's options for volumes and capabilities, made of plain characters. Volumes are created and labelled first, so that they are deleted
# with the container.
# Sets: privileges
docker_privileges() {
  local i=0 path volume one
  privileges=
  while [ "$i" -lt "${volumes_count:-0}" ]; do
    eval "path=\$volumes_${i}_path volume=vxlab-$id-\$volumes_${i}_name"
    plain "$path" "$volume"
    engine volume inspect "$volume" >/dev/null 2>&1 || engine volume create --label "vxlab-container=$id" "$volume" >/dev/null
    privileges="$privileges --mount type=volume,src=$volume,dst=$path"
    i=$((i + 1))
  done
  for one in $(unquoted "${capAdd-}"); do
    plain "$one"
    privileges="$privileges --cap-add $one"
  done
}

# docker_variable: variable number n, NAME=VALUE; n goes up. False after the last. Sets: one n
docker_variable() {
  [ "$n" -lt "${env_count:-0}" ] || return 1
  eval "one=\$env_$n"
  n=$((n + 1))
}

# docker_way: how the variable in `one` reaches Docker. Every user of the host can read arguments (proc(5), cmdline), and only root can read
# stdin or the environment. A name that Docker's env files cannot contain, or a value of several lines whose name no shell exports, can only
# be an argument: components/container/variables.ts refuses those as secrets.
# Sets: way
docker_way() {
  way=word
  case ${one%%=*} in *[!A-Za-z0-9_.:/@,+%-]*) return ;; esac
  case $one in
    *"
"* | *"$(printf '\r')") ;;
    # Docker reads lines of less than 64 KiB; some shells count characters, of up to 4 bytes.
    *) [ "${#one}" -ge 16000 ] || way=line ;;
  esac
  [ "$way" = word ] || return 0
  case ${one%%=*} in
    [!A-Za-z_]* | *[!A-Za-z0-9_]*) ;;
    # Names that the shell or the docker command itself uses.
    PATH | HOME | IFS | OPTIND | LINENO | PPID | RANDOM | UID | EUID | SHELLOPTS | BASH* | DOCKER_* | LD_* | GO* | env_*) ;;
    *) way='export' ;;
  esac
}

# Sets first to the command to run, quoted for a shell. The image's own is its entry point followed by its command.
# Sets: first
docker_words() {
  local own entry cmd
  first=$command
  [ -z "$first" ] || return 0
  own=$(engine image inspect -f '{"entry":{{json .Config.Entrypoint}},"cmd":{{json .Config.Cmd}}}' "$image_id")
  entry='' cmd=''
  eval "$(assign "$own")"
  first="$entry $cmd"
  [ "$first" != " " ] || fail "the image of container $name has no default command: set command"
}

# Writes what is mounted into the container as /.vxlab: a shell, since the image may have none, and the script that it runs. Written before
# every start, so that a container of older tools gets the new script at its next start.
docker_inside() {
  local busybox first
  busybox=$(command -v busybox) || fail "no busybox on this host: apt-get install busybox-static"
  case $busybox in /*) ;; *) busybox=/bin/busybox ;; esac
  chmod 755 "$box" "$box/in"
  ln -f "$busybox" "$box/in/busybox" 2>/dev/null || cp "$busybox" "$box/in/busybox"
  if [ ! -e "$box/in/first" ]; then
    docker_words
    printf 'set -- %s\n' "$first" >"$box/in/first"
  fi
  docker_script >"$box/in/start"
}

# A shell exports only names that are identifiers, and adds some of its own. So this one reads its initial environment from the kernel and
# gives exactly that to the program: by its own descriptor, since an open environ shows the memory of the process that opened it. -s: a word
# has at most 128 KiB (execve(2)), busybox's xargs takes 32 unless told. env would take a program with = in its path for a variable; unshare
# without options does nothing but execute it.
docker_script() {
  cat <<'START'
here=${0%/*}
exec 3</proc/self/environ
given=$(
  LC_ALL=C "$here/busybox" xargs -0 -r -s 262144 "$here/busybox" awk 'BEGIN {
    mark = sprintf("%c", 39)
    for (i = 2; i < ARGC; i++) {
      n = split(ARGV[i], parts, mark)
      word = parts[1]
      for (k = 2; k <= n; k++) word = word mark "\\" mark mark parts[k]
      printf " %s%s%s", mark, word, mark
    }
  }' -- <&3
) || { echo "the environment cannot be read" >&2; exit 1; }
exec 3<&-
tries=600
until [ -e "$here/ready" ]; do
  [ "$tries" -gt 0 ] || { echo "no interfaces within 60 s" >&2; exit 1; }
  tries=$((tries - 1))
  sleep 0.1
done
. "$here/first"
program=$1
shift
case $program in
  */*) ;;
  *)
    IFS=:
    set -f
    for folder in $PATH; do
      found=${folder:-.}/$program
      if [ -f "$found" ] && [ -x "$found" ]; then program=$found && break; fi
    done
    ;;
esac
case $program in */*) ;; *) echo "no such command: $program" >&2; exit 127 ;; esac
case $program in *=*) set -- "$here/busybox" unshare -- "$program" "$@" ;; *) set -- "$program" "$@" ;; esac
eval "exec \"\$here/busybox\" env -i -- $given \"\$@\""
START
}

docker_ended() {
  fail "container $name exited at once; its command is ${command:-the one of its image}: $(docker_said)"
}

# docker_said: the end of its log.
docker_said() { engine logs --tail 3 "$box_name" 2>&1 | tr '\n' ' ' | docker_veiled; }

# docker_veiled: the line on stdin without the values of the variables, which may be secrets. The longest is replaced first, since one may
# be part of another.
docker_veiled() {
  local n=0 one
  {
    cat
    echo
    while docker_variable; do printf '%s\n' "${one#*=}"; done
  } | LC_ALL=C awk '
    NR == 1 { said = $0; next }
    length($0) > 3 { value[++n] = $0 }
    END {
      while (n > 0) {
        for (k = i = 1; i <= n; i++) if (length(value[i]) > length(value[k])) k = i
        out = ""
        while (at = index(said, value[k])) {
          out = out substr(said, 1, at - 1) "[env]"
          said = substr(said, at + length(value[k]))
        }
        said = out said
        value[k] = value[n--]
      }
      print said
    }'
}
