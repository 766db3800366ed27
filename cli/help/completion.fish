# fish: vxlab completion fish | source
function __vxlab
    set -l words (commandline -opc)
    set -l found ($words[1] completion words -- $words[2..-1] "$(commandline -ct)" 2>/dev/null)
    if test -n "$found"
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c vxlab -f -a '(__vxlab)'
