#!/bin/bash
# The pages of the shell's commands: whole, and laid out for 78 columns.
# needs: direct
. "$(dirname "$0")/lib.sh"
. tests/rows.sh
release_only

read_rows commands name
names=${rows[*]}
nr=${#rows[@]}

boot '' 'help'
is "$(grep -cE '^  [a-z]+ +[a-z]' <<<"$output")" "$nr" 'the list has a line for each command'
is "$(grep -E '.{79}' <<<"$output")" '' 'its lines fit'

boot '' "$(printf 'help %s; ' $names)"
is "$(grep -E '.{79}' <<<"$output")" '' 'no line of a page is longer than 78 columns'
is "$(grep -E ' $' <<<"$output")" '' 'none ends in blanks'
for part in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES; do
	is "$(grep -c "^$part\$" <<<"$output")" "$nr" "each page has the part $part"
done
like "$output" '^       ptdump \[-j\] kernel\|shadow\|diff \[PID\]$' 'a synopsis is as the table says'
like "$output" '^       -w SECONDS  draws' 'an option stands beside its text'
unlike "$output" $'\e' 'without a terminal nothing is bold'

boot '' 'help nosuch'
is "$status" 2 'a page of no command is refused'
like "$output$errors" 'no command `nosuch`' 'and named'

done_testing
