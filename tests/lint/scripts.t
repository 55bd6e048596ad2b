#!/bin/bash
# Scripts: shellcheck and perl find nothing to complain about.
# needs: lint
. "$(dirname "$0")/lib.sh"
. tests/rows.sh

mapfile -t shell < <(grep -rlE '^#!/bin/(ba)?sh' tools tests .ci | sort)
seen 'shell scripts' "${shell[@]}"
found=$(shellcheck -x -a -S warning "${shell[@]}" 2>&1)
ok $? "shellcheck passes ${#shell[@]} scripts" || diag "$(head -n 40 <<<"$found")"

mapfile -t perl < <(grep -rlE '^#!/usr/bin/perl' tools tests | sort)
seen 'Perl scripts' "${perl[@]}"
for script in "${perl[@]}"; do
	found=$(perl -c "$script" 2>&1)
	ok $? "perl compiles $script" || diag "$found"
done

not_executable=$(find "${shell[@]}" ! -perm -100)
is "$not_executable" '' 'scripts are executable'

# What a test waits for is an event, of which `await` of tests/tap.sh asks; ports are claimed.
timed='\bsleep +[0-9.]|\btimeout( +-[^ ]+)* +[0-9]|\bTIMEOUT=[0-9]|\bRANDOM\b'
found=$(grep -nE "$timed" tests/*/*.{t,sh,pl,py} | grep -v '^tests/lint/scripts.t:')
is "$found" '' 'no test sleeps, sets a time or draws a port'
is "$(printf '%s\n' 'sleep 1' 'timeout -k 5 40 x' 'TIMEOUT=60 x' 'port=$((RANDOM % 9))' | grep -cE "$timed")" 4 'each of these is found'

printf '#!/bin/bash\nif [ $x == 1 ]; then echo "$y; fi\n' >"$work/x"
shellcheck -S warning "$work/x" >/dev/null
is $? 1 'shellcheck finds a bad script'

done_testing
