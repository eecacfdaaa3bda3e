#compdef myrecon
# myrecon.zsh: completion of myrecon's command line for zsh.

_myrecon_server() {
    compadd "$@" -S '' -- mysql://
}

_myrecon_endpoint() {
    if compset -P 'snapshot:'; then
        _files -/
    else
        compadd "$@" -S '' -- mysql:// snapshot:
    fi
}

# The columns that the words' case has of its people.
_myrecon_columns() {
    local file=${${words[(R)--case=*]}#--case=} at=${words[(I)--case]}
    local -a names
    (( at == 0 )) || file=${words[at + 1]}
    file=${(Q)file}
    file=${file/#\~\//$HOME/}
    [[ -f $file ]] || return
    names=(${(f)"$(myrecon affected -q --case "$file" --columns '?' 2>/dev/null </dev/null |
        grep -xE '[A-Za-z0-9_$]+')"})
    _sequence compadd - $names
}

_myrecon_commands() { # [GROUP]
    local -a names
    case ${1-} in
    # @commands
    esac
    _describe -t commands command names
}

_myrecon_arguments() { # COMMAND
    case $1 in
    # @arguments
    esac
}

_myrecon() {
    if [[ ${words[2]-} == help ]] && (( CURRENT > 2 )); then
        shift words
        (( CURRENT-- ))
    fi
    if (( CURRENT == 2 )); then
        _myrecon_commands
        return
    fi
    local command=${words[2]}
    shift words
    (( CURRENT-- ))
    case $command in
    # @groups
        if (( CURRENT == 2 )); then
            _myrecon_commands $command
            return
        fi
        command+=" ${words[2]}"
        shift words
        (( CURRENT-- ))
        ;;
    esac
    _myrecon_arguments $command
}

_myrecon "$@"
