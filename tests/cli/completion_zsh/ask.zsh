# ask.zsh LINE…: prints what an interactive zsh offers for each line, after a tab.
#
# It runs in a terminal of its own; its compadd writes what matches between < and >, and
# the key behind the tab that all of it is there.
zmodload zsh/zpty zsh/zselect
zpty -b shell zsh -f -i
zpty -w shell '
    PS1= fpath=(site $fpath)
    autoload -Uz compinit && compinit -u -D
    compadd() {
        local -a matches
        if [[ " $* " == *\ -[OAD]\ * ]]; then builtin compadd "$@"; return; fi
        builtin compadd -O matches "$@"
        (( $#matches == 0 )) || print -rn -- "<${matches[*]}>"
        builtin compadd "$@"
    }
    all_told() { print -rn -- "<END>" }
    zle -N all_told
    bindkey "^T" all_told
    print "REA""DY"'
zpty -r shell out '*READY*'
for line; do
    zpty -w -n shell "$line"$'\t\C-t'
    out=
    repeat 1000; do
        while zpty -r -t shell part; do out+=$part; done
        [[ $out == *\<END\>* ]] && break
        zselect -t 1
    done
    print -r -- "$line|"
    print -r -- "$out" | grep -o '<[^>]*>' | grep -v '<END>' | tr -d '<>' | tr ' ' '\n' | sort -u |
        paste -sd ' ' | sed 's/^/    /'
    zpty -w -n shell $'\C-u'
done
