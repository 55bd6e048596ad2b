#!/bin/bash
# The sweep of stores finds what is planted, makes it small, and finds nothing where nothing is. In the release build alone. Under
# one of the gates in each run, in turn; in `make soak` under all.
# needs: sweep
. "$(dirname "$0")/lib.sh"

release_only
unset SEED N MODE WORD VALUE SWEEP_SECONDS JOBS OPTS
KERNEL=$PWD/build/release/bulwark.elf
ARCHIVE=$PWD/$(make -s --no-print-directory print-archive BUILD=release EXTRA=tests/sweep/guest)
export KERNEL ARCHIVE SWEEP_OUT=$work
echo '# none' >"$work/none"
export SWEEP_KNOWN=$work/none

# sweep NAME=VALUE...: sets $output, $errors, $status
sweep() {
	output=$(env "$@" tools/sweep 2>"$work/errors")
	status=$?
	errors=$(<"$work/errors")
}

# In other kernels the user lies in the process's structure.
sweep N=1 WORD=process:self:uid VALUE=zero OPTS='vuln=on cred=plain'
is "$status" 1 'a store to the uid is found with cred=plain' || diag "$errors"
like "$output" '^found: process:self:uid = zero: other-user$' 'as what the witness calls it'
like "$output" "again with: .*EXTRA=$work/sweep/found-1 " 'and made a program'
like "$(<"$work/sweep/found-1/found/found.c")" 'referee_run_one\("process:self:uid", "zero", ' 'by the names of word and value'
said=$(make -s DEPS=0 run BUILD=release BOOT=direct SMP=2 EXTRA="$work/sweep/found-1" OPTS='vuln=on cred=plain' CMD='root found' \
	2>/dev/null | tr -d '\r')
like "$said" '^@v 0 breach 1 ' 'which shows it again'
like "$(<"$work/sweep.json")" '"verdict" *: "breach"' 'the JSON has it, too'
like "$(tools/sweep --list "$work/sweep.json")" '^\| `uid` \| 1 \| 1 \|' 'and gives the table again'
echo 'process:uid other-user' >"$work/known"
sweep N=1 WORD=process:self:uid VALUE=zero OPTS='vuln=on cred=plain' SWEEP_KNOWN="$work/known"
is "$status" 0 'what is known is no finding'
like "$output" '1 breach, ' 'and is counted all the same'

echo 'process:uid other-user' >"$work/none-open"
sweep N=1 WORD=process:self:uid VALUE=zero OPTS='vuln=on cred=plain ptprot=off'
is "$status" 0 'so is what ptprot=off adds' || diag "$output"
sweep N=1 WORD=process:self:uid VALUE=zero OPTS='vuln=on cred=plain ptprot=window'
is "$status" 1 'which counts as a finding where there is a gate' || diag "$output"
rm "$work/none-open"

sweep N=1 WORD=process:self:uid VALUE=zero
is "$status" 0 'with cred=protected there is no breach' || diag "$output"
sweep N=12 SEED=3 WORD='credential:*'
is "$status" 0 'nothing reaches a credential' || diag "$output"
like "$output" '12 fault, 0 refusal' 'each of these stores faults'
like "$output" '^100.0 % left the machine running, 100.0 % running and audited$' 'and the machine goes on'
for ptprot in $(rotate 3 wp window pks); do
	sweep N=12 WORD='entry-of-*' OPTS="vuln=on ptprot=$ptprot"
	like "$output" '12 fault, 0 refusal' "nor an entry of a page table: ptprot=$ptprot" || diag "$output"
	sweep N=12 WORD='gate:*' OPTS="vuln=on ptprot=$ptprot"
	like "$output" '12 fault, 0 refusal' "nor what the gate has of its own: ptprot=$ptprot" || diag "$output"
done
sweep N=4 MODE=exhaustive WORD='pool:credentials:*'
like "$output" '^4 stores .* 4 fault, ' 'every word in turn is swept, too'
echo 'regs:rflags sealed port' >"$work/known"
echo 'idt:* written' >>"$work/known"
sweep N=1 WORD=regs:peer:rflags VALUE=iopl OPTS='vuln=on authority=off' SWEEP_KNOWN="$work/known"
like "$output" '^\| `rflags` \| 1 \| 1 \|.*\| port 1, sealed 1 \|$' 'flags from memory are found with authority=off'
sweep N=4 WORD='idt:alias?:*' VALUE=zero OPTS='vuln=on authority=off' SWEEP_KNOWN="$work/known"
like "$output" '^\| \*\*idt\*\* \| 4 \| [1-4] \|.*\| written [1-4] \|$' 'so are writable gates'

refused() {
	sweep "${@:2}"
	is "$status" 2 "refused: ${*:2}"
	like "$errors" "$1" 'and why'
}
refused 'MODE=some: must be random or exhaustive' MODE=some
refused 'N=0: must be a number from 1 on' N=0
refused 'SMP=1: must be a number from 2 on' SMP=1
refused 'there is no such store' WORD='proces:*'
refused 'VALUE=a b: must be the name of a value' VALUE='a b'
tools/sweep --lists x 2>"$work/errors"
is $? 2 'so is a word that is no option'
done_testing
