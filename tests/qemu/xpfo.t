#!/bin/bash
# What tells the variants of XPFO apart: each attack with two processors, under each variant, several times over
# (50 times in a soak). A boot is good for a few runs: each uses up some memory that was the kernel's.
# In the debug build alone: in the release build the matrix has them, once each.
# Without PCIDs, as here, KAISER loads CR3 at each way in, which flushes everything: what is on trial would not show.
# needs: direct
. "$(dirname "$0")/lib.sh"
. tests/rows.sh

RUNS=$(soak 50 2)
RUNS_PER_BOOT=8
MEM=$(soak 512M 128M)
attacks='stale_tlb stale_spin parked reuse fresh kmap_race window_race'

# The outcome of each, in that order.
declare -A outcomes=(
	[off]='BREACH BREACH BREACH BREACH BREACH BREACH BREACH'
	[local]='BREACH BREACH BREACH BREACH BREACH BREACH FAULT'
	[deferred]='FAULT BREACH BREACH BREACH BREACH BREACH FAULT'
	[batch]='FAULT BREACH BREACH BREACH BREACH BREACH FAULT'
	[sync]='FAULT FAULT FAULT FAULT FAULT BREACH FAULT'
	[epoch]='FAULT FAULT FAULT FAULT FAULT BREACH FAULT'
)

# several VARIANT NR_RUNS: one boot
several() {
	local attack command='' nr=0 expected
	read -ra expected <<<"${outcomes[$1]}"
	for attack in $attacks; do
		command+="attack -n $2 xpfo_$attack; "
	done
	SMP=2 boot "vuln=on kaiser=off xpfo=$1" "${command}audit"
	is "$status" 0 "the audit is clean after all attacks: $1"
	tell_luck
	for attack in $attacks; do
		like "$output" "^xpfo_$attack: ${expected[nr]} \(expected ${expected[nr]}\)" \
			"xpfo_$attack ends in ${expected[nr]}, $2 times: $1"
		nr=$((nr + 1))
	done
}

# What a counter says in $output.
counter() {
	awk -v name="$1" '$1 == name { print $2 }' <<<"$output"
}

read_rows options name values
IFS='|' read -ra variants < <(printf '%s\n' "${rows[@]}" | sed -n 's/^xpfo\t//p')
seen 'variants of xpfo' "${variants[@]}"
for variant in "${variants[@]}"; do
	if [ -z "${outcomes[$variant]:-}" ]; then
		ok 1 "somebody says in this test what the attacks end in: $variant"
		continue
	fi
	[ "$BUILD" = debug ] || continue
	for ((left = RUNS; left > 0; left -= RUNS_PER_BOOT)); do
		several "$variant" $((left < RUNS_PER_BOOT ? left : RUNS_PER_BOOT))
	done
done

# Zeroed before it is hidden, a frame is not zero for its next owner, whatever the flush. Late, nobody gets a byte.
if [ "$BUILD" = debug ]; then
	for variant in sync epoch; do
		for zero in early late; do
			SMP=2 boot "vuln=on kaiser=off xpfo=$variant zero=$zero" "attack -n $RUNS xpfo_fresh; attack -n $RUNS seal_born; audit"
			is "$status" 0 "the audit is clean after stores into fresh pages: $variant, $zero"
			tell_luck
			for attack in xpfo_fresh seal_born; do
				outcome=FAULT
				[ "$zero" = late ] || outcome=BREACH
				like "$output" "^$attack: $outcome \\(expected $outcome\\)" "$attack ends in $outcome, $RUNS times: $variant, $zero"
			done
		done
	done
fi

SMP=2 boot 'xpfo=sync' 'root mkload -j1 -n 4 && stats'
[ "$(counter shootdown_rounds)" -gt 1000 ] && [ "$(counter ipis_received)" -gt $(($(counter shootdown_rounds) / 2)) ]
ok $? 'with xpfo=sync most rounds are interrupts that the other processor counts' || diag "$output"

SMP=1 boot 'vuln=on' 'attack xpfo_parked'
is "$status" 0 'with one processor a skip is as expected'
like "$output" 'xpfo_parked: SKIP' 'and is what happens'

done_testing
