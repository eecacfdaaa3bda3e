# myrecon.bash: completion of myrecon's command line for bash; needs nothing but bash 4.3.

_myrecon_first='help version --help --version'

_myrecon_commands() { # [GROUP]: the words that may stand there
    case ${1-} in
    # @commands
    esac
}

_myrecon_options() { # COMMAND
    case $1 in
    # @options
    esac
}

_myrecon_value() { # COMMAND OPTION: what stands behind it; fails where nothing does
    case "$1 $2" in
    # @values
    *) return 1 ;;
    esac
}

_myrecon_operand() { # COMMAND NUMBER: what may stand there, from 0
    case "$1 $2" in
    # @operands
    esac
}

# Sets words to those of the line; the last is the one that is being typed.  bash's own
# array is split at : and = as well.
_myrecon_split() { # LINE
    local rest=$1 char quote=
    words=('')
    while [ -n "$rest" ]; do
        char=${rest:0:1} rest=${rest:1}
        if [ -n "$quote" ]; then
            if [ "$char" = "$quote" ]; then quote=; else words[-1]+=$char; fi
        elif [[ $char == [\'\"] ]]; then
            quote=$char
        elif [ "$char" = \\ ]; then
            words[-1]+=${rest:0:1} rest=${rest:1}
        elif [[ $char == [[:space:]] ]]; then
            [ -z "${words[-1]}" ] || words+=('')
        else
            words[-1]+=$char
        fi
    done
}

# The columns that the words' case has of its people.
_myrecon_columns() { # PROGRAM WORD…
    local program=$1 word file='' next=
    shift
    for word; do
        [ -z "$next" ] || file=$word
        next=
        case $word in
        --case) next=1 ;;
        --case=*) file=${word#*=} ;;
        esac
    done
    [ -f "${file/#\~\//$HOME/}" ] || return
    "$program" affected -q --case "${file/#\~\//$HOME/}" --columns '?' 2>/dev/null </dev/null |
        grep -xE '[A-Za-z0-9_$]+'
}

_myrecon_offer() { # KIND [WORD…]: adds to COMPREPLY what begins like $cur
    local kind=$1 before= found=()
    shift
    case $kind in
    file)
        compopt -o filenames 2>/dev/null
        mapfile -t found < <(compgen -f -- "$cur")
        ;;
    case) # those that are called so, and the way to others; else any
        compopt -o filenames 2>/dev/null
        mapfile -t found < <(
            compgen -f -X '!*.case' -- "$cur"
            compgen -d -- "$cur"
        )
        [ ${#found[@]} -gt 0 ] || mapfile -t found < <(compgen -f -- "$cur")
        ;;
    columns) _myrecon_offer list "$(_myrecon_columns "$program" "${words[@]}")" ;;
    dir)
        compopt -o filenames 2>/dev/null
        mapfile -t found < <(compgen -d -- "$cur")
        ;;
    server)
        compopt -o nospace 2>/dev/null
        mapfile -t found < <(compgen -W 'mysql://' -- "$cur")
        ;;
    endpoint)
        compopt -o nospace 2>/dev/null
        if [[ $cur == snapshot:* ]]; then
            compopt -o filenames 2>/dev/null
            mapfile -t found < <(compgen -P snapshot: -d -- "${cur#snapshot:}")
        else
            mapfile -t found < <(compgen -W 'mysql:// snapshot:' -- "$cur")
        fi
        ;;
    list) # joined by commas
        [[ $cur != *,* ]] || before=${cur%,*},
        mapfile -t found < <(compgen -P "$before" -W "$*" -- "${cur##*,}")
        ;;
    words)
        mapfile -t found < <(compgen -W "$*" -- "$cur")
        [[ ${found[0]-} != *: ]] || compopt -o nospace 2>/dev/null
        ;;
    esac
    COMPREPLY+=("${found[@]}")
}

# Sets command to its words, next to the kinds of what may be typed now, and cur.
_myrecon_scan() { # WORD…: those before the one that is being typed
    local option= operands=0 ended= word
    command=$1
    shift
    if [ -n "$(_myrecon_commands "$command")" ]; then
        if [ $# -eq 0 ]; then
            next=("words $(_myrecon_commands "$command")")
            return
        fi
        command+=" $1"
        shift
    fi
    for word; do
        if [ -n "$option" ]; then
            option=
        elif [ -z "$ended" ] && [ "$word" = -- ]; then
            ended=1
        elif [ -z "$ended" ] && [[ $word == -?* ]]; then
            ! _myrecon_value "$command" "$word" >/dev/null || option=$word
        else
            operands=$((operands + 1))
        fi
    done
    if [ -n "$option" ]; then
        next=("$(_myrecon_value "$command" "$option")")
    elif [ -z "$ended" ] && [[ $cur == --*=* ]]; then
        next=("$(_myrecon_value "$command" "${cur%%=*}")")
        skip=${cur%%=*}= cur=${cur#*=}
    elif [ -z "$ended" ] && [[ $cur == -* ]]; then
        next=("words $(_myrecon_options "$command")")
    else
        mapfile -t next < <(_myrecon_operand "$command" "$operands" | tr ' ' '\n')
    fi
}

_myrecon() {
    local words cur command next=() skip= kind typed program
    COMPREPLY=()
    _myrecon_split "${COMP_LINE:0:COMP_POINT}"
    cur=${words[-1]} program=${words[0]}
    words=("${words[@]:1:${#words[@]}-2}")
    [ "${words[0]-}" != help ] || words=("${words[@]:1}")
    if [ ${#words[@]} -eq 0 ]; then
        next=("words $(_myrecon_commands) $_myrecon_first")
    else
        _myrecon_scan "${words[@]}"
    fi
    for kind in "${next[@]}"; do
        # shellcheck disable=SC2086 # a kind and its words
        [ -z "$kind" ] || _myrecon_offer $kind
    done
    # bash replaces only what stands behind the last character that breaks words.
    typed=$cur
    [[ $COMP_WORDBREAKS == *:* ]] || typed=${typed//:/}
    [[ $COMP_WORDBREAKS == *=* ]] || [ -z "$skip" ] || COMPREPLY=("${COMPREPLY[@]/#/$skip}")
    [[ $COMP_WORDBREAKS != *=* || $typed != *=* ]] || COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*=}"}"}")
    [[ $typed != *:* ]] || COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}")
} && complete -F _myrecon myrecon
