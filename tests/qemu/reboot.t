#!/bin/bash
# `reboot OPTION=VALUE...`: the kernel boots once more with these, on every kind of machine; every hint of a session is one
# line to type; and a reset that was not asked for still ends the run. In each run one in two of the machines, and hints of one in
# six attacks, in turn; in `make soak` all.
# needs: iso bochs efi kernels
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/session.sh"
release_only

# again KNOBS...: a session that boots again twice; the last line typed ahead tells the options
again() {
	prompts 'reboot xpfo=off kaslr=off; echo first' >"$work/again"
	sed -i '$d' "$work/again"
	cat >>"$work/again" <<'END'
^first$(.|\n)*bulwark# $	reboot xpfo=sync\recho ahead; options -j; audit; attack ret2dir_obj\r
^ret2dir_obj: (.|\n)*bulwark# $	exit 6\r
END
	session env OPTS=vuln=on "$@" <"$work/again"
}

check_again() {
	again "${@:2}"
	# what UEFI firmware prints is its own
	is "$(grep -v BdsDxe <<<"$errors")" '' "boots again: $1"
	like "$output" '^bulwark: boots again: xpfo=off kaslr=off vuln=on' "the words take the place of those that were there: $1"
	like "$output" '^bulwark: boots again: xpfo=sync kaslr=off vuln=on' "those of before stay: $1"
	like "$output" '^ahead$' "what is typed ahead is not lost: $1"
	like "$output" '"xpfo": *"sync"' "the option is in force: $1"
	like "$output" '^violations +0 ' "the audit finds nothing: $1"
	like "$output" '^ret2dir_obj: FAULT' "an attack ends as it must: $1"
	is "$(grep -c '^bulwark: exit status 6' <<<"$output")" 1 "and the machine ends with the shell: $1"
}

check_again 'QEMU, direct' tools/run
for kind in $(rotate 2 pic q35 efi bochs debug); do
	case $kind in
	pic) check_again 'no 8259' MACHINE=microvm,pic=off tools/run ;;
	q35) check_again 'q35, a screen, four processors' MACHINE=q35 VGA=hidden SMP=4 tools/run ;;
	efi) check_again 'by UEFI' BOOT=iso EFI=1 MEM=256M tools/run ;;
	bochs) check_again 'in Bochs' BOOT=iso EMU=bochs MEM=64M script -qefc tools/run /dev/null ;;
	debug) BUILD=debug check_again 'the debug build' tools/run ;;
	esac
done
if [ -n "$(soak 1 '')" ]; then
	check_again 'one processor' SMP=1 tools/run
	check_again 'a microvm' MACHINE=microvm tools/run
	check_again 'from the ISO' BOOT=iso tools/run
fi

# Words that are wrong: nothing happens.
session tools/run <<'END'
bulwark# $	reboot nosuch=1; echo $?\r
^2$(.|\n)*bulwark# $	reboot xpfo=offf; echo $?\r
^2$(.|\n)*bulwark# $	reboot xpfo; reboot cmd=true; reboot xpfo=off xpfo=sync\r
bulwark# $	exit\r
END
like "$output" '`nosuch=1` sets no boot option; there are: xpfo .*kaiser' 'an unknown option is named, with those that there are'
like "$output" '`xpfo=offf`: the values of xpfo are' 'so is an unknown value'
like "$output" '`xpfo` sets no boot option' 'a word without a value'
like "$output" '`cmd=true` sets no boot option' 'and a command'
like "$output" '^reboot: Invalid argument' 'an option that is given twice'
unlike "$output" 'boots again' 'and nothing was booted'
boot 'vuln=on' 'reboot xpfo=off'
is "$status" 2 'a machine that was booted for one command does not boot again'
like "$output$errors" 'give OPTS to `make run` instead' 'and says what to do'

rm -f "$work/output"
# A reset that nobody asked the kernel for, such as that of a triple fault.
MONITOR=$work/monitor CMD='echo up; stress 60' LOG=$log TIMEOUT=$(time_left) tools/run >"$work/output" 2>"$work/errors" &
run=$!
await "$run" says '^up' "$work/output"
perl tests/qemu/monitor.pl "$work/monitor" system_reset >/dev/null
wait "$run"
is $? 125 'a reset ends the run with 125'

# lead_to_breaches LINE...: types these, each of which ends in an attack, and counts the breaches
lead_to_breaches() {
	local i lines=("$@")
	{
		printf 'bulwark# $\t%s\\r\n' "${lines[0]}"
		for ((i = 1; i <= ${#lines[@]}; i++)); do
			printf '^%s: (BREACH|FAULT|DENIED|NOTHING|SKIP|ERROR)(.|\\n)*bulwark# $\t%s\\r\n' "${lines[i - 1]##* }" "${lines[i]:-exit}"
		done
	} >"$work/lines"
	session tools/run <"$work/lines"
	is "$(grep -c '^[a-z0-9_]*: BREACH (expected BREACH)' <<<"$output")" "${#lines[@]}" "each of ${#lines[@]} lines leads to a breach" ||
		diag "$(grep -E '^[a-z0-9_]*: [A-Z]+ ' <<<"$output" | grep -v ': BREACH (expected BREACH)')"
}

# Each hint, typed as it stands; and the commands of the page for those who come from elsewhere.
mapfile -t attacks < <(tools/def attacks name)
mapfile -t attacks < <(rotate 6 "${attacks[@]}")
session tools/run < <(prompts "${attacks[@]/#/attack }")
# What one line switches off stays off: attacks that are not tried with some value are typed first.
particular=$(tools/def needs macro attack | awk '$1 == "NEED_NOT" { print "attack " $2 "$" }')
hints=$(sed -n '/^to see it succeed:/{ /:$/N; s/^to see it succeed:\n* *//p }' <<<"$output")
mapfile -t hints < <(grep -e "$particular" <<<"$hints"; grep -v -e "$particular" <<<"$hints")
[ "${#hints[@]}" -gt "$(soak 25 3)" ]
ok $? "attacks have a hint: ${#hints[@]}"
is "$(printf '%s\n' "${hints[@]}" | grep -vc '^reboot [a-z0-9= ]*; attack [a-z0-9_][a-z0-9_]*$')" 0 'each is one line to type'
lead_to_breaches "${hints[@]}"
mapfile -t lines < <(sed -n 's/^|.*| `\([a-z0-9 =;&_]*attack [a-z0-9_]*\)` |$/\1/p' docs/start-here.md)
[ "${#lines[@]}" -gt 18 ]
ok $? "the page leads to breaches: ${#lines[@]}"
mapfile -t lines < <(rotate 6 "${lines[@]}")
lead_to_breaches "${lines[@]}"

done_testing
