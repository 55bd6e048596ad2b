#!/bin/bash
# The shell's line editor: completion, search; and the words that people try.
# needs: direct
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/session.sh"
release_only

session tools/run <<'END'
bulwark# $	mitig\x09k\x09of\x09\r
bulwark# $	true; att\x09ret2dir_h\x09\x15\r
bulwark# $	true&&policy lo\x09etc/policy-s\x09\r
bulwark# $	ls etc/policy-s\x09\r
bulwark# $	attack 'ret2dir_h\x09\x15\r
bulwark# $	map root t_mem\x09\x15\r
bulwark# $	bench_nu\x09etc/policy-s\x09\x15\r
bulwark# $	bench --bu\x09\x15\r
bulwark# $	echo 'a;b' mit\x09\x15\r
bulwark# $	why \x09\x15\r
bulwark# $	\x12mitig\x12\x01echo \r
bulwark# $	\x12policy\x07echo given up\r
bulwark# $	\x12nothing has this\r
bulwark# $	quit 3\r
END
is "$errors" '' 'the session goes through'
typed() {
	like "$raw" "bulwark# $1" "$2"
}
like "$output" '^kaiser  off$' 'a command and its words are completed'
typed 'true; attack ret2dir_huge ' 'behind ; a command is'
typed 'true&&policy load etc/policy-strict ' 'behind &&, and a file'
like "$output" '^etc/policy-strict$' 'files are completed for ls'
typed "attack 'ret2dir_huge " 'a word in a quote is'
typed 'map root t_memory ' 'a command that another one runs is'
typed 'bench --budget=' 'an option is, and waits for its value'
typed "echo 'a;b' mit" 'a ; in quotes begins no command'
symbols=$(nm "build/$BUILD/bulwark.elf" | grep -ci ' t [a-z_0-9]*$')
listed=$(sed -n '/^bulwark# why $/,/^bulwark# /p' <<<"$output" | sed 's/^bulwark# .*//' | wc -w)
[ "$listed" -gt $((symbols * 9 / 10)) ]
ok $? "all candidates are listed: $listed of $symbols functions"
like "$output" '^mitigate kaiser off *$' 'Ctrl-R finds a line, which can be changed'
like "$output" '^given up$' 'Ctrl-G gives the search up'
session tools/run < <(prompts 'quit 3')
unlike "$output" 'no such command' 'quit leaves'

boot 'vuln=on' "attack 'ret2dir_r*' 'seal_r?ce'"
is "$status" 0 'attack takes patterns'
is "$(grep -oE '^(ret2dir|seal)_[a-z]+' <<<"$output" | tr '\n' ' ')" 'ret2dir_rop ret2dir_residue seal_race ' 'and runs what they fit'
boot 'vuln=on' "attack 'nosuch_*'"
is "$status" 2 'a pattern that fits nothing ends with 2'
like "$output$errors" 'no attack fits `nosuch_\*`' 'and is named'
boot 'vuln=on' 'attack -n 3 -j ret2dir_obj'
like "$output" '"runs": 3, "runs_as_expected": 3, "outcomes": \{"BREACH": 0, "FAULT": 3, ' 'runs are counted by outcome'
perl -MJSON::PP -e 'local $/; JSON::PP->new->decode(scalar <STDIN>)' <<<"$output"
ok $? 'in JSON'
boot 'vuln=on xpfo=off' "attack -j -n 2 'ret2dir_o*'"
like "$output" '"outcomes": \{"BREACH": 2, "FAULT": 0, ' 'for those that patterns fit, too'

done_testing
