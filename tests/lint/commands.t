#!/bin/bash
# Every command of the shell has a whole page.
# needs: nothing
. "$(dirname "$0")/lib.sh"

table=user/shell/commands.def
row='COMMAND(sheep, .usage = "[-j]", .brief = "count sheep", .description = "Counts.\\n", .options = "-j\\tJSON\\n",\n'
row+='\t.status = "0\\talways\\n", .examples = "sheep -j\\tCounts.\\n", .see = "sheep")\n'
# but SED EXPRESSION, MESSAGE, NAME: the row, changed, is refused
but() {
	catches commands "$table" "$(sed "$1" <<<"$row")" "$2" "$3"
}

clean commands
accepts commands "$table" "$row" 'a whole page passes'
but 's/\.status = [^,]*,//' 'sheep: it has no .status' 'a page tells the exit status'
but 's/\.examples = [^,]*,//' 'sheep: it has no .examples' 'a page has an example'
but 's/\[-j\]/[-j | -x N]/' 'sheep: -x is not explained' 'every option of the synopsis is explained'
but 's/sheep -j/goat/' 'does not use it' 'an example uses the command'
but 's/"sheep")/"goat")/' 'there is no goat to see' 'what is to be seen exists'
but "s/Counts\\./ $(printf '%072d' 0)/" 'longer than 78 columns' 'a line that stays as it is fits'
but 's/sheep, .usage/sheep, usage/' 'not COMMAND\(name, .field = "text", ...\): .field = "text" is wanted' 'a field of another kind is found'
but 's/-j.\{1,3\}tJSON/-j/' '-j in .options has no text' 'a term has a text'

done_testing
