#!/bin/bash
# What tells the variants of XPFO apart: each attack with two processors, under each variant, 50 times
# over in a soak. A boot is good for a few runs: each uses up some memory that was the kernel's.
# In the debug build alone: in the release build the matrix has them, once each. In each run one in two of the variants, and one
# in three of those that zero late, in turn; in `make soak` all.
# Without PCIDs, as here, KAISER loads CR3 at each way in, which flushes everything: what is on trial would not show. So does
# an emulated gate (ptprot).
# needs: direct
. "$(dirname "$0")/lib.sh"
. tests/rows.sh

RUNS=$(soak 50 1)
RUNS_PER_BOOT=8
MEM=$(soak 512M 128M)
attacks='ret2dir_residue xpfo_file_page xpfo_unflushed xpfo_stale_tlb xpfo_alone xpfo_stale_spin xpfo_parked
	xpfo_reuse xpfo_early_flush xpfo_fresh xpfo_kmap_race xpfo_window_race'

# The outcome of each, in that order: B for BREACH, F for FAULT.
declare -A outcomes=(
	[off]='      B B B B B B  B B B B B B'
	[v1]='       F B F B B B  B B B B B F'
	[v6]='       B B F F F F  F F F B B F'
	[v7noflush]='B B B B B B  B B B B B F'
	[v7]='       B B F B B B  B B B B B F'
	[v8]='       B B F F B B  B B B B B F'
	[v8batch]='  B B F F B B  B B B B B F'
	[v9]='       F F F F B B  B F F B B F'
	[sync]='     F F F F F F  F F F F B F'
	[pageblock]='F F F F F F  F F F F B F'
	[epoch]='    F F F F F F  F F F F B F'
)
# Two published ones of which each stops what the other does: the code differs in when the flush at allocation is made, and
# the one at kunmap, which both make, comes later.
alike='v8 v8batch'

# several VARIANT NR_RUNS: one boot
several() {
	local attack command='' nr=0 expected
	read -ra expected <<<"$(sed 's/B/BREACH/g; s/F/FAULT/g' <<<"${outcomes[$1]}")"
	for attack in $attacks; do
		command+="attack -n $2 $attack; "
	done
	SMP=2 boot "vuln=on kaiser=off ptprot=off xpfo=$1" "${command}audit"
	is "$status" 0 "the audit is clean after all attacks: $1"
	tell_luck
	for attack in $attacks; do
		like "$output" "^$attack: ${expected[nr]} \(expected ${expected[nr]}\)" \
			"$attack ends in ${expected[nr]}, $2 times: $1"
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
mapfile -t tried < <(rotate 2 v1 v9 sync pageblock epoch)
for variant in "${variants[@]}"; do
	if [ -z "${outcomes[$variant]:-}" ]; then
		ok 1 "somebody says in this test what the attacks end in: $variant"
		continue
	fi
	[ "$BUILD" = debug ] || continue
	# in a soak all
	[[ " $(soak "${variants[*]}" "${tried[*]}") " == *" $variant "* ]] || continue
	for ((left = RUNS; left > 0; left -= RUNS_PER_BOOT)); do
		several "$variant" $((left < RUNS_PER_BOOT ? left : RUNS_PER_BOOT))
	done
done

# No two variants that were published stop the same.
for variant in v1 v6 v7noflush v7 v8 v8batch v9; do
	for other in v1 v6 v7noflush v7 v8 v8batch v9; do
		[[ "$variant" < "$other" && "$variant $other" != "$alike" ]] || continue
		[ "${outcomes[$variant]// /}" != "${outcomes[$other]// /}" ]
		ok $? "an attack tells them apart: $variant and $other"
	done
done

# Zeroed before it is hidden, a frame is not zero for its next owner, whatever the flush. Late, nobody gets a byte.
if [ "$BUILD" = debug ]; then
	for variant in $(rotate 3 sync pageblock epoch); do
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

# Where the kernel had a frame last, v1 interrupts all for it; where a user had it, it interrupts nobody, and v6 does.
rounds=()
for variant in v1 v6; do
	SMP=2 boot "xpfo=$variant" 'root mkload -j1 -n 2 && root bench_churn -j1 -n 20 churn_64 && stats'
	rounds+=("$(counter shootdown_rounds)")
done
[ "${rounds[0]}" -gt 50 ] && [ "${rounds[1]}" -gt $((4 * rounds[0])) ]
ok $? 'with xpfo=v1 there are rounds, and with xpfo=v6 many more' || diag "${rounds[*]}"

SMP=1 boot 'vuln=on' 'attack xpfo_parked'
is "$status" 0 'with one processor a skip is as expected'
like "$output" 'xpfo_parked: SKIP' 'and is what happens'

done_testing
