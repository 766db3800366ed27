#!/bin/sh
# Several labs on one host: the owner of a thing, names that only one lab can have, and files of older tools.
# shellcheck disable=SC2154 # the variables come out of with_state, by eval

# shared KIND: true when another lab keeps things of this kind here. Starts no program: most hosts have one lab.
shared() {
  local file
  for file in "$STATE/desired/$1"-*.json; do
    case ${file##*/} in "$1-$lab-"* | "$1-*.json") ;; *) return 0 ;; esac
  done
  return 1
}

# alone WHAT CURE KIND "PATH..." TEXT...: fails, before anything is changed, when another lab has a thing of this kind on this host with one
# of the texts at these paths of its state. A text is one word, or words of neighbouring paths.
alone() {
  local what="$1" cure="$2" other
  shift 2
  if [ -z "$lab" ] || ! shared "$1"; then return 0; fi
  other=$(elsewhere "$@")
  [ -z "$other" ] || fail "$what is in use on this host by another lab (id $other). Nothing was changed here: $cure"
}

# elsewhere KIND "PATH..." TEXT...: the id of that other lab, or nothing.
elsewhere() {
  local kind="$1" paths="$2" owner words text
  shift 2
  kept "$kind" "$paths" | while read -r _ owner _ words; do
    [ "$owner" != "$lab" ] || continue
    words=" $(printf %s "$words" | tr , ' ') "
    for text in "$@"; do
      case $words in *" $text "*) printf '%s\n' "$owner" && return ;; esac
    done
  done
}

# take_over: converts the files of older tools to the current level: every file gets the current form (upgrade.awk), then take_over_LEVEL
# FILE KIND, if a level has one, does the rest for a thing of that level. Files are rewritten and renamed, and ports get another label: no
# container is restarted, and no port is made again.
take_over() {
  [ -d "$STATE/desired" ] || return 0
  local had=1 whole=true
  [ ! -e "$STATE/level" ] || read -r had <"$STATE/level"
  [ "$had" -le "$LEVEL" ] ||
    fail "a newer vxlab manages this host (level $had, these guest tools: $LEVEL). Nothing was changed: run up with the newer vxlab"
  [ "$had" -lt "$LEVEL" ] || return 0
  chmod 700 "$STATE/desired"
  each_kept take_over_form
  while [ "$had" -lt "$LEVEL" ]; do
    ! command -v "take_over_$had" >/dev/null || each_kept "take_over_$had"
    had=$((had + 1))
  done
  [ "$whole" = false ] || echo "$LEVEL" >"$STATE/level"
}

# each_kept FUNCTION: calls it with the file and the kind of everything that is kept. When it fails for one, whole is false. Sets: whole
each_kept() {
  local file kind taken
  for file in "$STATE"/desired/*-*.json; do
    [ -e "$file" ] || continue
    kind=${file##*/}
    # In a subshell, so that a failure does not stop the others. Not in a condition, where set -e has no effect.
    set +e
    (
      set -e
      "$1" "$file" "${kind%%-*}"
    )
    taken=$?
    set -e
    [ "$taken" = 0 ] || { whole=false && printf 'vxlab: %s is kept in its old form until the next step\n' "$file" >&2; }
  done
}

# take_over_form FILE KIND: writes the current form, with secrets in a separate file.
take_over_form() {
  local form envelope
  form=$(cat "$1" "$STATE/secrets/${1##*/}" 2>/dev/null | upgraded "$2")
  envelope=${form%%"
"*}
  [ "$envelope" != "$(cat "$1")" ] || return 0
  [ "$form" = "$envelope" ] || with_state "$2" "" take_over_secrets "$2" <<STATE
$form
STATE
  store "$1" "$envelope"
}

take_over_secrets() { store "$(secrets_of "$1" "$id")" "$secrets"; }

# Level 1 named things by their step alone.
take_over_1() { with_kept "$1" take_over_id "$1" "$2"; }

take_over_id() {
  local file="$1" to
  case ${lab:+$file} in */"$2-$step.json") ;; *) return 0 ;; esac
  to=$(desired "$2" "$id")
  case $2 in
    port)
      relabel vxlab-port interface
      [ ! -e "$STATE/begun/port-$step" ] || mv "$STATE/begun/port-$step" "$STATE/begun/port-$id"
      take_over_groups
      ;;
    container)
      relabel vxlab-container
      take_over_box "$BOXES/$name"
      [ ! -d "$BOXES/$name" ] || echo "$id" >"$BOXES/$name/owner"
      take_over_box "$STATE/docker/$step"
      # A link, since the path of a Docker container's mount cannot change.
      [ ! -d "$STATE/docker/$step" ] || { mv "$STATE/docker/$step" "$STATE/docker/$id" && ln -s "$id" "$STATE/docker/$step"; }
      [ ! -e "$IMAGES/$step.tar" ] || mv "$IMAGES/$step.tar" "$IMAGES/$id.tar"
      ;;
    service) relabel vxlab-service interface ;;
  esac
  if [ "$2" = service ]; then take_over_service "$file" "$to"; else mv "$file" "$to"; fi
}

# relabel KEY [interface]: gives the ports of this step, and the bridge behind them, new labels.
relabel() {
  local key="$1" interface="${2:-}" names have
  names=$(vsctl --bare --no-headings --columns=name find port external_ids:"$1"="\"$step\"" \
    -- --columns=name find bridge external_ids:"$1"="\"$step\"")
  set --
  for have in $names; do
    plain "$have"
    case $have in
      bf*) set -- "$@" -- set bridge "$have" external_ids:"$key"="\"$id\"" ;;
      *)
        set -- "$@" -- set port "$have" external_ids:"$key"="\"$id\""
        [ -z "$interface" ] || set -- "$@" -- set interface "$have" external_ids:"$key"="\"$id\""
        ;;
    esac
  done
  [ $# -eq 0 ] || { shift && vsctl "$@"; }
}

# The kernel's devices, whose alias names their owner.
take_over_groups() {
  local alias text device
  for alias in "$NET"/vm*/ifalias; do
    [ -e "$alias" ] || continue
    text=$(cat "$alias")
    device=${alias%/ifalias}
    case $text in "vxlab $step "*) iproute link set dev "${device##*/}" alias "vxlab $id ${text#"vxlab $step "}" ;; esac
  done
}

# take_over_box FOLDER: rewrites the files from which plug and the next step read the owner.
take_over_box() {
  local ports
  for ports in "$1/ports" "$1/ports.new"; do
    [ -e "$ports" ] || continue
    awk -v was="$step" -v now="$id" '$3 == was { $3 = now } { print }' "$ports" >"$1/ports.over"
    mv "$1/ports.over" "$ports"
  done
}

# take_over_service FILE TO: restarts dnsmasq, which keeps its leases. NAT is not interrupted: the new table is loaded before the old one is
# removed.
take_over_service() {
  local old="$SERVICES/$step" new="$SERVICES/$id" table id="$step"
  nat_table "$step"
  if [ -d "$old" ]; then
    dhcp_end loop
    dhcp_end dnsmasq
    mv "$old" "$new"
  fi
  mv "$1" "$2"
  again "$2" || printf 'vxlab: %s failed\n' "$2" >&2
  ! nft list table inet "$table" >/dev/null 2>&1 || nft delete table inet "$table"
}
