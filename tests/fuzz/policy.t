#!/bin/bash
# The policy's parser under libFuzzer, from the inputs in tests/fuzz/policy: a run, and a defect that it must find.
# needs: fuzz
. "$(dirname "$0")/../tap.sh"

# build OUTPUT SCANNER: the target of tests/host/fuzz_policy.c, with this policy_scan.c
build() {
	clang -std=gnu11 -O1 -g -w -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-DBULWARK_HOST_TEST -DBULWARK_DEBUG -Itests/host/fake -Itests/host -Ikernel -o "$1" \
		tests/host/fuzz_policy.c tests/host/policy/fake_pool.c kernel/task/authority/policy_parse.c "$2" \
		kernel/task/authority/syscall_rows.c kernel/lib/format.c kernel/lib/string.c >"$work/build.log" 2>&1
}

# fuzz PROGRAM OPTION...: on a copy of the inputs, since it adds to them
fuzz() {
	rm -rf "$work/inputs"
	cp -r tests/fuzz/policy "$work/inputs"
	"$1" -dict=tests/fuzz/policy.dict -max_len=512 -artifact_prefix="$work/" -print_final_stats=1 "${@:2}" \
		"$work/inputs" >"$work/log" 2>&1
}

build "$work/sound" kernel/task/authority/policy_scan.c
ok $? 'the fuzzer is built' || diag "$(tail -n 20 "$work/build.log")"
nr_inputs=$(soak 20000000 100000)
fuzz "$work/sound" -seed=1 -runs="$nr_inputs"
ok $? "$nr_inputs inputs find nothing" || diag "$(tail -n 40 "$work/log")"
diag "$(sed -n 's/^stat::number_of_executed_units: */inputs tried: /p' "$work/log")"

# without the look at the end in the loop over a name's bytes
sed 's/while (!scan_is_end(scanner) && is_name_byte/while (is_name_byte/' kernel/task/authority/policy_scan.c >"$work/policy_scan.c"
cmp -s "$work/policy_scan.c" kernel/task/authority/policy_scan.c
is $? 1 'a defect is planted'
build "$work/planted" "$work/policy_scan.c"
ok $? 'it is built' || diag "$(tail -n 20 "$work/build.log")"
fuzz "$work/planted" -seed=1 -runs=2000000
is $? 1 'and it is found'
like "$(<"$work/log")" 'heap-buffer-overflow' 'as what it is'

done_testing
