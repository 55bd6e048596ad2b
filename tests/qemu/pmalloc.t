#!/bin/bash
# Write-once pools: each attack on sealed memory under each variant, the suites that run in the kernel, and that a
# refused copy to user space is told. The matrix has the attacks for the release build. The suites run under one of two variants,
# in turn; in `make soak` under all.
# needs: direct test-programs
. "$(dirname "$0")/lib.sh"
debug_only

attacks='seal_write seal_alias seal_read seal_remap seal_race seal_born seal_metadata wr_alias wr_forge overread overflow uaf_pool pte_overwrite'

# The outcome of each, in that order.
declare -A outcomes=(
	[off]='BREACH BREACH BREACH BREACH BREACH BREACH BREACH BREACH BREACH BREACH BREACH BREACH BREACH'
	[plain]='FAULT BREACH BREACH BREACH FAULT BREACH FAULT FAULT DENIED NOTHING FAULT FAULT BREACH'
	[roalias]='FAULT FAULT BREACH BREACH FAULT BREACH FAULT FAULT DENIED NOTHING FAULT FAULT BREACH'
	[full]='FAULT FAULT FAULT DENIED FAULT FAULT FAULT FAULT DENIED NOTHING FAULT FAULT BREACH'
)

for variant in off plain roalias full; do
	read -ra expected <<<"${outcomes[$variant]}"
	command='' nr=0
	for attack in $attacks; do
		command+="attack -n $(soak 8 1) $attack; "
	done
	command+='attack seal_remap kernel; attack seal_remap user; '
	# With KAISER and no PCIDs each way in flushes everything: what is on trial would not show. The gate would stop some of these
	# in the place of pmalloc.
	SMP=2 boot "vuln=on kaiser=off ptprot=off pmalloc=$variant" "${command}audit"
	is "$status" 0 "the audit is clean after all attacks: $variant"
	tell_luck
	for attack in $attacks; do
		like "$output" "^$attack: ${expected[nr]} \(expected ${expected[nr]}\)" \
			"$attack ends in ${expected[nr]}: $variant"
		nr=$((nr + 1))
	done
	is "$(grep -c '^seal_remap: .* (expected' <<<"$output")" 3 "seal_remap takes either way alone, too: $variant"
	# of its own the kernel takes the direct map's entry, which roalias makes read-only
	is "$(grep '^seal_remap: ' <<<"$output" | sort -u | wc -l)" "$([ "$variant" = roalias ] && echo 2 || echo 1)" "and both end alike: $variant"
	[ "$variant" = full ] || continue
	like "$output" 'pmalloc: the pool is sealed' 'the report names the defence'
	like "$output" 'pmalloc: frame 0x[0-9a-f]+ belongs to POOL; it is hidden' 'and the frame, where it was the alias'
	like "$output$(<"$log")" 'usercopy refused: 80 bytes to user space, from 0x[0-9a-f]+, by sys_vuln_overread\+0x[0-9a-f]+: past the end of an object of a pool \(record, 64 bytes at 0x[0-9a-f]+\)' \
		'a refused copy is told: how much, who, and which object'
done

# Races: what they do happens at another moment each time. The audit of each attack is part of its outcome.
archive=$(make -s --no-print-directory print-archive EXTRA=tests/qemu/programs)
# Little, as there are many audits.
ARCHIVE=$archive MEM=64M SMP=4 boot 'vuln=on' "attack kmap_storm; attack seal_storm; attack fault_storm; $(printf 'audit; %.0s' {1..25})audit"
is "$status" 0 'the audit is clean after races between writing, sealing, mapping and freeing'
unlike "$output" 'BREACH|audit:' 'what is written before a pool is sealed is no breach'
like "$output" '^seal_storm: NOTHING' 'pools are sealed and destroyed under a writer'
like "$output" '^kmap_storm: NOTHING' 'a frame that is given back while it is mapped does no harm'
is "$(grep -c '^violations  *0' <<<"$output")" 26 'a fault while the machine is about to be stopped ends its process alone'

ARCHIVE=$archive boot 'vuln=on pmalloc=plain' 'attack seal_again'
like "$output" 'sealed again: refused' 'a sealed pool that was changed cannot be filled again'
like "$output" '^seal_again: BREACH' 'and its change is told, once'

suites_under=('pmalloc=plain' 'xpfo=v9')
[ -z "$(soak 1 '')" ] || suites_under+=('pmalloc=roalias' 'pmalloc=off' 'pmalloc=full xpfo=off' 'xpfo=v7noflush')
mapfile -t suites_under < <(rotate 2 "${suites_under[@]}")
for opts in "${suites_under[@]}"; do
	# Little: each of the audit's plants is followed by an audit of all of it.
	MEM=32M boot "ktest=on $opts" 'selftest kernel'
	pass_through "$output"
	is "$status" 0 "the suites in the kernel pass: $opts"
done

done_testing
