#compdef vxlab
# zsh: eval "$(vxlab completion zsh)"
_vxlab() {
  local line
  local -a found
  for line in "${(@f)$("${words[1]}" completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -z $line ]] || found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  if (( $#found )); then _describe vxlab found; else _files; fi
}
compdef _vxlab vxlab
