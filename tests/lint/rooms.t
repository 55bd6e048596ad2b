#!/bin/bash
# Rooms include what the rules let them, and each has a README that tells of its files.
# needs: nothing
. "$(dirname "$0")/lib.sh"

clean rooms
catches rooms kernel/mm/pool/x.c '#include "mm/as/as.h"\n' 'the room pool may not include of the room as' 'pool may not include as'
catches rooms kernel/task/ipc/x.h '\n#include "task/console/console.h"\n' 'the room ipc may not include of the room console' 'nor ipc console'
catches rooms kernel/mm/table/x.c '#include "mm/as/as.h"\n' 'the room table may not include of the room as' 'what one file of a room may, the others may not'

# refuses FILE TEXT REGEX NAME: in a room that is otherwise as it should be
refuses() {
	plant kernel/mm/tlb/README.md '# tlb\n\n    x\n'
	printf '%b' '/* x */\n' >"$work/tree/kernel/mm/tlb/x.c"
	mkdir -p "$(dirname "$work/tree/$1")"
	printf '%b' "$2" >"$work/tree/$1"
	like "$(cd "$work/tree" && perl "$lint/rooms.pl" 2>&1)" "$3" "$4"
}
refuses kernel/mm/tlb/y.c '/* y */\n' 'README.md:1: says nothing of y.c' 'a file that the README does not name'
refuses kernel/mm/attic/z.c '/* z */\n' 'attic/README.md:1: a room without a README' 'a room without one'
refuses kernel/mm/tlb/README.md "# tlb x\n$(printf '%.0sline\\n' {1..20})" 'README.md:[0-9]+: 21 lines, of at most 15' 'a long one'
plant kernel/mm/tlb/README.md '# tlb: f*\n'
for nr in {1..21}; do
	echo '/* x */' >"$work/tree/kernel/mm/tlb/f$nr.c"
done
like "$(cd "$work/tree" && perl "$lint/rooms.pl" 2>&1)" '21 .c files in one room, of at most 20' 'and a room of more than twenty files'

done_testing
