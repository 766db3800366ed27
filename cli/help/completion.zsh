#compdef vxlab
# zsh: eval "$(vxlab completion zsh)"
_vxlab() {
  local line word
  local -a found open
  for line in "${(@f)$("${words[1]}" completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    word=${line%%$'\t'*}
    line=${word//:/\\:}:${line#*$'\t'}
    # A path follows a colon: no space.
    if [[ $word == *: ]]; then open+=("$line"); else found+=("$line"); fi
  done
  if (( $#found + $#open )); then _describe vxlab found -- open -S ''; else _files; fi
}
compdef _vxlab vxlab
