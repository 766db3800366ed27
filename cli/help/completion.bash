# bash: eval "$(vxlab completion bash)"
_vxlab() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <("${COMP_WORDS[0]}" completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  [[ ${COMPREPLY[0]-} != *: ]] || compopt -o nospace
}
complete -o default -F _vxlab vxlab
