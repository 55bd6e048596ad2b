#!/bin/bash
# The tables of decisive words name each member of their structures, each variable of the kernel, and what there is.
# needs: kernels
. "$(dirname "$0")/lib.sh"

clean authority
kernels=(build/{release,debug}/bulwark.elf)
if [ -f "${kernels[0]}" ] && [ -f "${kernels[1]}" ]; then
	found=$(perl "$lint/authority.pl" "${kernels[@]}" 2>&1)
	ok $? "the kernels' variables have rows" || diag "$(head -n 30 <<<"$found")"
	has_kernels=1
else
	skip 'kernels are not built'
	has_kernels=0
fi

# A tree of its own, in which one thing is changed.
tree=$work/authority
mkdir -p "$tree"
cp -r --parents kernel docs/threats.def user tests "$tree"

# spoilt FILE SED REGEX NAME: the tree with a file changed by a sed script is refused, with a message like REGEX
spoilt() {
	local found
	cp "$1" "$tree/$1"
	sed -i "$2" "$tree/$1"
	! cmp -s "$1" "$tree/$1"
	ok $? "there is something to change: $4"
	found=$(cd "$tree" && perl "$lint/authority.pl" 2>&1)
	like "$found" "$3" "$4"
	cp "$1" "$tree/$1"
}
is "$(cd "$tree" && perl "$lint/authority.pl" 2>&1)" '' 'the copy passes'

core=kernel/core/decisive.def
spoilt kernel/core/tlb_cpu.h 's/^struct tlb_cpu {/&\n\tuint64_t sheep, *wolf;/' \
	"kernel/core/tlb_cpu.h:[0-9]+: sheep of struct tlb_cpu has no row in $core" 'a member without a row'
spoilt kernel/task/sched/thread.h 's/^struct thread {/&\n\tstruct { int ram, (*ewe)(int); };/' 'ewe of struct thread has no row' \
	'a member of a structure without a name'
spoilt kernel/task/sched/thread.h 's/^struct thread {/&\n\tstruct flock { int ram; } sheep[2];/' 'sheep of struct thread has no row' \
	'a member that is a structure'
spoilt $core '/WORDS(tlb_cpu, "seen"/d' 'seen of struct tlb_cpu has no row' 'a row too few'
spoilt $core 's/WORDS(tlb_cpu, "seen"/WORDS(tlb_cpu, "seen sheep"/' "$core:[0-9]+: struct tlb_cpu has no sheep" 'a row without a member'
spoilt $core 's/STRUCTURE(tlb_cpu/STRUCTURE(sheep/' "defines no struct sheep" 'a structure that there is not'
spoilt $core 's/STRUCTURE(tlb_cpu/STRUCTURE(tlb_owed/' 'there is no STRUCTURE\(tlb_cpu' 'rows without their structure'
spoilt $core 's/\(WORDS(cpu, "on", *\)OPEN/\1SHEEP/' 'what is SHEEP' 'a kind that there is not'
spoilt $core 's/\(WORDS(cpu, "on", *\)OPEN/\1PROTECTED/' 'PROTECTED, and its home is ORDINARY' 'protected, and ordinary memory'
spoilt $core 's/\(WORDS(cpu_sealed.*\)PROTECTED/\1OPEN/' 'OPEN, and its home is processors' 'open, and protected memory'
spoilt $core 's/\(STRUCTURE(cpu_sealed.*\)processors/\1sheep/' 'sheep is none of mm/table/protected.def' 'a home that there is not'
spoilt $core 's/note_flushed/sheep_shear/' 'sheep_shear is neither a function' 'a writer that there is not'
spoilt $core 's/policy_redirect/sheep_redirect/' 'sheep_redirect is no attack' 'an attack that there is not'
spoilt $core 's/- none yet/-/' 'no reason is given' 'no attack, and no reason'
spoilt $core 's/- none yet/- tests\/sheep.c/' 'there is no tests/sheep.c' 'a reason that there is not'
spoilt $core 's/see struct user_slot/see struct sheep/' 'there is no STRUCTURE\(sheep' 'a structure that a row leads to'
spoilt kernel/mm/table/protected.def 's/"witness",/"sheep",/' 'nobody makes a pool called sheep' 'a pool that there is not'
spoilt kernel/arch/x86_64/entry/entry_area.def 's/\(ENTRY_PART(IDT.*\)  R,  R, /\1  RW, R, /' 'IDT is no part of the entry area, or is writable' \
	'a part that is writable'
spoilt docs/threats.def 's/pte_overwrite/sheep/' 'docs/threats.def:[0-9]+: sheep is neither' 'evidence that there is not'
spoilt docs/threats.def 's/"ret2usr_code ret2usr_data"/""/' 'nothing shows it' 'a claim without evidence'

# vary SED REGEX NAME: rows of variables that the kernels do not agree with
vary() {
	local found
	sed "$1" kernel/mm/decisive.def >"$tree/kernel/mm/decisive.def"
	found=$(cd "$tree" && perl "$lint/authority.pl" "${kernels[@]/#/$OLDPWD/}" 2>&1)
	like "$found" "$2" "$3"
}
if [ "$has_kernels" = 1 ]; then
	vary '/"newest_split"/d' 'kernel/mm/tlb/ktlb.c:1: newest_split has no row' 'a variable without a row'
	vary 's/\(DATA("mm\/tlb\/ktlb.c", *"newest_split", *\)HINT/\1PROTECTED/' 'newest_split is PROTECTED, and is written to after boot' \
		'a protected variable that can be written'
	vary 's/"newest_split"/"newest_split sheep"/' 'kernel/mm/tlb/ktlb.c has no variable sheep' 'a row without a variable'
fi

done_testing
