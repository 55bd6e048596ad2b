#!/bin/bash
# A session at the console, as a terminal of 80 columns shows it: nothing there that is for programs, no word cut, colours
# where they are understood and nowhere else. One in six of the attacks in each run, in turn; in `make soak` all.
# needs: test-programs
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/session.sh"
release_only

session tools/run < <(prompts 'attack ret2dir_obj')
is "$errors" '' 'no word of a fault is cut at 80 columns'
like "$output" '^  defence +XPFO: frame ' 'a fault is explained on the console'
like "$output" '^ret2dir_obj: FAULT' 'and judged'
unlike "$output" 'bulwark: fault:' 'its twin for programs is not there'
like "$(tr -d '\r' <"$log")" '^bulwark: fault: \{"process":"ret2dir_obj"' 'but in the log that is kept'
is "$(sed -n '/^  from .*syscall_main/{n;p;}' <<<"$output")" 'ret2dir_obj: FAULT (expected FAULT)' \
	'between explanation and verdict there is nothing'

mapfile -t pages < <(tools/def commands name | sed 's/^/help /')
mapfile -t attacks < <(tools/def attacks name)
session tools/run < <(prompts attack "attack all $(rotate 6 "${attacks[@]}" | tr '\n' ' ')" options mem stats 'audit; policy' 'ptdump diff' 'why vuln_call_through+4' \
	'ls -l' map mitigate help "${pages[@]}")
is "$errors" '' 'nor is one of what the commands print'
like "$output" '^[0-9]+ attacks, [0-9]+ as expected, 0 not, 0 skipped$' 'every attack is as expected'
is "$(grep -cE '^[a-z0-9_]+ +SKIP ' <<<"$output")" 0 'and none is skipped: there are two processors'

# The shell's keys, and the emulator's.
session tools/run <<'END'
bulwark# $	cho begun\x01e\r
bulwark# $	\x1dx
END
like "$output" '^begun$' 'Ctrl-A goes to the begin of the line'
# Its word may come amid a sequence of the guest's, so in the bytes, not in what is shown.
like "$raw" 'QEMU: Terminated' 'Ctrl-] X ends the emulator'

# A line that fills the first vector ends the read, and so does the end of file, which ends no other.
ARCHIVE=$(make -s print-archive EXTRA=tests/qemu/programs) session tools/run <<'END'
bulwark# $	vectors\r
type 0$	abcd\r
type 1$	\x04
type 2$	abcde\x04
type 3$	abcdefghi\r
bulwark# $	exit\r
END
is "$(grep -o 'vectors .*' <<<"$output" | tr '\n' ' ')" 'vectors 0: 5 vectors 1: 0 vectors 2: 5 vectors 3: 10 ' \
	'readv returns a line, the end of a file, what precedes it, and a line of two vectors'

# Who has colours.
prompts 'attack ret2dir_obj' 'attack all ret2dir_obj' >"$work/attacks"
green=$'\e[1;32mFAULT'
session script -qefc tools/run /dev/null <"$work/attacks"
is "$(grep -acF "$green" <<<"$raw")" 2 'verdicts are coloured on a terminal'
is "$errors" '' 'which takes no room'
NO_COLOR=1 session script -qefc tools/run /dev/null <"$work/attacks"
unlike "$raw" $'\e''\[[0-9;]*m' 'not with NO_COLOR'
session tools/run <"$work/attacks"
unlike "$raw" $'\e''\[[0-9;]*m' 'nor through a pipe'
OPTS=vuln=on CMD='attack ret2dir_obj; help true' tools/run >"$work/output" 2>/dev/null
unlike "$(<"$work/output")" $'\e|\r' 'the output of a command has neither colours nor carriage returns'
OPTS=vuln=on CMD='attack ret2dir_obj' script -qefc tools/run /dev/null </dev/null >"$work/output"
like "$(<"$work/output")" "${green/[/\\[}" 'it has colours where a person looks on'

# colours OPTS: how many pixels of the screen are of a bright green, at the end
colours() {
	local run
	rm -f "$work/output"
	VGA=hidden MONITOR=$work/monitor OPTS="vuln=on $1" CMD='attack ret2dir_obj; echo shown; hold' ARCHIVE=$archive TIMEOUT=$(time_left) \
		tools/run >"$work/output" 2>/dev/null &
	run=$!
	await "$run" says '^shown' "$work/output"
	perl tests/qemu/monitor.pl "$work/monitor" "screendump $work/screen" quit >/dev/null
	wait "$run"
	perl -0777 -ne 's/\AP6\s+\d+\s+\d+\s+255\s//; print scalar(grep { $$_[1] > 200 && $$_[0] < 128 && $$_[2] < 128 }
		map { [unpack "C3"] } unpack "(a3)*"), "\n"' "$work/screen"
}
archive=$(make -s print-archive EXTRA=tests/qemu/programs)
[ "$(colours console=colour)" -gt 50 ]
ok $? 'a screen shows the colours, too'
is "$(colours console=terminal)" 0 'and none where there are to be none'

done_testing
