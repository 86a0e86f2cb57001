"""What `squid completion` prints, for each shell.

Titles are only ever shown: no script evaluates what comes back.
"""

from __future__ import annotations

BASH = r"""# Completes squid in bash.
_squid() {
    local line=${COMP_LINE:0:COMP_POINT} value help number
    local -a helps=()
    local typed=${line##*[[:space:]]}
    # Readline takes what stands behind a colon or an equals sign for a word of its own.
    local before=${typed%"${typed##*[:=]}"}
    COMPREPLY=()
    while IFS=$'\t' read -r value help; do
        [[ -n $value ]] || continue
        COMPREPLY+=("${value#"$before"}")
        helps+=("$help")
    done < <(_SQUID_COMPLETE=complete_line squid "$line" 2>/dev/null)
    # A list, on the second Tab, says what each one means; none of it is typed.
    if [[ $COMP_TYPE == 63 && ${#COMPREPLY[@]} -gt 1 ]]; then
        for number in "${!COMPREPLY[@]}"; do
            [[ -z ${helps[number]} ]] || COMPREPLY[number]+="  (${helps[number]})"
        done
    fi
}
complete -o default -o nosort -F _squid squid 2>/dev/null || complete -o default -F _squid squid
"""

ZSH = r"""#compdef squid
# Completes squid in zsh.
_squid() {
    local -a found
    local line
    for line in ${(f)"$(_SQUID_COMPLETE=complete_line squid "${(j: :)words[1,CURRENT]}" 2>/dev/null)"}; do
        found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    if (( $#found )); then
        _describe -V squid found
    else
        _files
    fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _squid "$@"
else
    compdef _squid squid
fi
"""  # noqa: E501

FISH = r"""# Completes squid in fish.
function __squid_complete
    set -l found (env _SQUID_COMPLETE=complete_line squid (commandline -cp | string collect) 2>/dev/null)
    if test -n "$found"
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete --command squid --no-files --keep-order --arguments '(__squid_complete)'
"""  # noqa: E501

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
