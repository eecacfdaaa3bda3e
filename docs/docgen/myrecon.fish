# myrecon.fish: completion of myrecon's command line for fish 3.

function __myrecon_words # those before the one that is being typed, without help
    set -l words (commandline -opc)
    set -e words[1]
    if test (count $words) -gt 0; and test "$words[1]" = help
        set -e words[1]
    end
    test (count $words) -eq 0; or printf '%s\n' $words
end

function __myrecon_in # WORD…: the command's, whatever stands behind them
    set -l words (__myrecon_words)
    test (count $words) -ge (count $argv); or return 1
    for i in (seq (count $argv))
        test "$words[$i]" = "$argv[$i]"; or return 1
    end
end

function __myrecon_is # [WORD]: nothing but that was typed
    test (count (__myrecon_words)) -eq (count $argv); or return 1
    test (count $argv) -eq 0; or __myrecon_in $argv
end

function __myrecon_list # WORD…: one more of them, joined by a comma
    set -l typed (commandline -ct | string replace -r -- '^--[^=]*=' '')
    set -l before (string match -r -- '.*,' $typed)
    for word in $argv
        echo "$before$word"
    end
end

# The columns that the words' case has of its people: the program names them where it is asked for one
# that there is not.
function __myrecon_columns
    set -l file
    set -l next
    for word in (__myrecon_words)
        test -z "$next"; or set file $word
        set next
        switch $word
            case --case
                set next 1
            case '--case=*'
                set file (string replace -- --case= '' $word)
        end
    end
    set file (string replace -r '^~/' "$HOME/" -- $file)
    test -n "$file"; and test -f "$file"; or return
    __myrecon_list (myrecon affected -q --case $file --columns '?' 2>/dev/null </dev/null \
        | string match -r -- '^[A-Za-z0-9_$]+$')
end

function __myrecon_endpoint
    set -l typed (commandline -ct)
    printf '%s\n' mysql:// snapshot:
    if string match -q -- 'snapshot:*' $typed
        printf 'snapshot:%s\n' (__fish_complete_directories (string replace snapshot: '' -- $typed) '')
    end
end

complete -c myrecon -f
# @commands
complete -c myrecon -n __myrecon_is -a help -d 'print the help of a command'
complete -c myrecon -n __myrecon_is -a version -d 'print the version'
# @arguments
