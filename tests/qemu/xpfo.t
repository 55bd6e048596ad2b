#!/bin/bash
# What tells the variants of XPFO apart: each attack with two processors, under each variant, several times over
# (RUNS=50 for all that was promised).
. "$(dirname "$0")/lib.sh"

RUNS=${RUNS:-3}
attacks='stale_tlb stale_spin parked reuse kmap_race window_race'

# The outcome of each, in that order.
declare -A outcomes=(
	[off]='BREACH BREACH BREACH BREACH BREACH BREACH'
	[local]='BREACH BREACH BREACH BREACH BREACH FAULT'
	[deferred]='FAULT BREACH BREACH BREACH BREACH FAULT'
	[batch]='FAULT BREACH BREACH BREACH BREACH FAULT'
	[sync]='FAULT FAULT FAULT FAULT BREACH FAULT'
	[epoch]='FAULT FAULT FAULT FAULT BREACH FAULT'
)

command=
for attack in $attacks; do
	command+="attack -n $RUNS xpfo_$attack; "
done

for variant in off local deferred batch sync epoch; do
	read -ra expected <<<"${outcomes[$variant]}"
	SMP=2 boot "vuln=on xpfo=$variant" "${command}audit"
	is "$status" 0 "the audit is clean after all attacks: $variant"
	nr=0
	for attack in $attacks; do
		like "$output" "^xpfo_$attack: ${expected[nr]} \(expected ${expected[nr]}\)" \
			"xpfo_$attack ends in ${expected[nr]}, $RUNS times: $variant"
		nr=$((nr + 1))
	done
done

SMP=1 boot 'vuln=on' 'attack xpfo_parked'
is "$status" 0 'with one processor a skip is as expected'
like "$output" 'xpfo_parked: SKIP' 'and is what happens'

done_testing
