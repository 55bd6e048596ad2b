#!/bin/bash
# A rule of the gate is taken out, and the attack that aims at it succeeds: what stops it in every other kernel is that rule.
# Each rule under one kind of gate, another one each, and all attacks against one whole gate, in turn; in `make soak` all.
# needs: direct
. "$(dirname "$0")/lib.sh"
export SMP=2
debug_only

# without RULE: a debug kernel whose gate lacks it; all but the gate's objects are the debug build's. One of an earlier run is
# good for as long as the debug kernel is.
without() {
	local out=build/debug-without-$1
	if [ ! "$out/bulwark.elf" -nt build/debug/bulwark.elf ]; then
		rm -rf "$out"
		cp -a build/debug "$out"
	fi
	make -s --no-print-directory DEPS=0 BUILD=debug GATE_WITHOUT="$1" kernel >&2
	ok $? "a kernel without the rule that gate_$1 aims at"
}

declare -A stopped=([race]=FAULT [lock]=NOTHING [nmi]=NOTHING)
# each_rule OPTS: all three attacks in one machine
each_rule() {
	boot "vuln=on $1" 'attack gate_race; attack gate_lock; attack gate_nmi'
}
ptprots=(pks window wp)
for ptprot in $(rotate 3 "${ptprots[@]}"); do
	each_rule "ptprot=$ptprot"
	for rule in race lock nmi; do
		like "$output" "gate_$rule: ${stopped[$rule]} \(expected ${stopped[$rule]}\)" "gate_$rule is stopped with ptprot=$ptprot"
	done
done
each_rule ptprot=off
for rule in race lock nmi; do
	like "$output" "gate_$rule: SKIP" "there is no gate for gate_$rule with ptprot=off"
done
seed=$TEST_SEED
for rule in race lock nmi; do
	without "$rule"
	seed=$((seed + 1))
	for ptprot in $(TEST_SEED=$seed rotate 3 "${ptprots[@]}"); do
		KERNEL=build/debug-without-$rule/bulwark.elf boot "vuln=on ptprot=$ptprot" "attack gate_$rule"
		like "$output" "gate_$rule: BREACH" "without the rule gate_$rule is a breach, ptprot=$ptprot"
		like "$(<"$log")" "INSECURE: the gate lacks the rule that gate_$rule aims at" 'and the boot says what is missing'
	done
done
make -s DEPS=0 BUILD=release GATE_WITHOUT=race kernel >/dev/null 2>"$work/refused"
is "$?" 2 'a release build lacks no rule'
like "$(<"$work/refused")" 'and BUILD=debug' 'and make says so'
done_testing
