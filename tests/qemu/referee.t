#!/bin/bash
# Verdicts that cannot be missed, forged or asked for: attacks that hide that they have won, that write where the verdict is
# written, and that ask the judge.
# needs: test-programs
. "$(dirname "$0")/lib.sh"
release_only

ARCHIVE=$(make -s --no-print-directory print-archive EXTRA=tests/qemu/programs)
export ARCHIVE

# A breach is latched, whatever the attack does afterwards, and whichever process it was.
ways='execs setuid undoes forks vforks child orphan dies cuts'
command=''
for way in $ways; do
	command+="echo @@; attack wins $way; "
done
for smp in $(rotate 2 1 2); do # in `make soak` both
	SMP=$smp boot 'vuln=on cred=plain' "${command}echo @@"
	for way in $ways; do
		verdict=$(awk -v RS='@@\n' -v n="$way" 'NR == 1 { next } { split("'"$ways"'", w, " "); if (w[NR - 1] == n) print }' <<<"$output")
		# what a member was writing when it was ended may stand before it
		like "$verdict" '(^|[^a-z])wins: BREACH' "an attack that $way is a breach: SMP=$smp"
	done
done
SMP=2 boot 'vuln=on' "attack wins execs; attack wins orphan; attack wins child; audit"
unlike "$output" 'BREACH' 'none of them is where the credentials are protected'
like "$output" '^violations +0 ' 'and the audit finds nothing'

# Between the mask of the flags and IRET nothing reaches them, but where user mode has the kernel's roots.
SMP=2 boot 'vuln=on kaiser=off' 'attack iret_race'
like "$output" 'iret_race: BREACH' "IRET's frame is written to by another processor with kaiser=off"
SMP=2 boot 'vuln=on' 'attack iret_race; audit'
unlike "$output" 'BREACH' 'and with the defaults it is out of reach'
like "$output" '^violations +0 ' 'and the audit finds nothing'

# What an attack leaves behind neither writes into the verdict nor reads the next command.
SMP=2 boot 'vuln=on' "$(printf 'attack -j forges writes; %.0s' {1..8})attack -j ret2dir_obj"
is "$(perl -MJSON::PP -e 'local $/; my $p = JSON::PP->new; my @all = $p->incr_parse(scalar <STDIN>);
	print join " ", map { "$_->{attack}:$_->{outcome}" } @all' <<<"$output" 2>&1)" \
	"$(printf 'forges:NOTHING %.0s' {1..8})ret2dir_obj:FAULT" 'the verdicts are those of the attacks that ran, and JSON'
SMP=2 boot 'vuln=on cred=plain' 'attack -j forges root'
is "$(perl -MJSON::PP -e 'local $/; my @all = JSON::PP->new->incr_parse(scalar <STDIN>); print join " ", map { "$_->{attack}:$_->{outcome}" } @all' <<<"$output" 2>&1)" \
	'forges:BREACH' 'an attack that became root cannot take the quotes off its own words'

# session COMMAND: types it and then `echo heard`, and lets the machine end; what was on the console is $output
session() {
	local keyboard run
	rm -f "$work/keyboard" "$work/output"
	mkfifo "$work/keyboard"
	exec {keyboard}<>"$work/keyboard"
	SMP=2 OPTS='vuln=on' TIMEOUT=$(time_left) tools/run <&"$keyboard" >"$work/output" 2>"$work/errors" &
	run=$!
	await "$run" says 'Welcome to Bulwark' "$work/output"
	printf '%s\n' "$1" >&"$keyboard"
	await "$run" says "$2" "$work/output"
	printf 'echo he''ard\necho he''ard\necho he''ard\nexit 7\n' >&"$keyboard"
	wait "$run"
	status=$?
	exec {keyboard}>&-
	output=$(tr -d '\r' <"$work/output")
}
session 'attack forges reads' '^forges: NOTHING'
is "$status" 7 'after an attack that left a reader behind the shell gets every line'
is "$(grep -cE '^(bulwark# )?heard' <<<"$output")" 3 'none of them is lost'
unlike "$output" 'has read' 'and no line went to what the attack left behind'
session 'lurks' '^lurks: gone'
is "$status" 7 'after a program that left a reader behind the shell gets every line'
is "$(grep -cE '^(bulwark# )?heard' <<<"$output")" 3 'none of them is lost'
unlike "$output" 'lurks: here' 'and what it left behind writes nothing'

# The judge tells nothing.
boot 'vuln=off' 'attack base_brute'
like "$output" ' 0 answers other than 0' 'the judge answers 0, right or wrong'
like "$output" '^base_brute: NOTHING \(expected NOTHING\)' 'and too many claims count for nothing'
boot 'vuln=on kaslr=off' 'attack claims 8; attack claims 7; attack claims 0'
is "$(grep -o '^claims: [A-Z]*' <<<"$output" | tr '\n' ' ')" 'claims: NOTHING claims: BREACH claims: BREACH ' \
	'a right claim counts among the first eight, and no later'

# Nor does any other call, by its answer or by how long it takes: instructions are counted.
ICOUNT=4 SMP=1 boot 'vuln=on' 'oracle'
is "$status" 0 'no call tells an address of the kernel from one where there is nothing' || diag "$output"
like "$output" '^[4-9][0-9] calls, 0 of them' 'and many were asked'

done_testing
