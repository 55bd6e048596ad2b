#!/bin/bash
# The matrix: every attack on every variant of every defence, every outcome as expected; in the release build alone, the
# debug build's attacks.t has some of it. And its words, and what it makes of a machine that dies.
# needs: iso bochs
. "$(dirname "$0")/lib.sh"
export JOBS=1 MATRIX_OUT=$work

release_only

# matrix WORDS: sets $output, $errors, $status
matrix() {
	output=$(MATRIX=$1 TIMEOUT=$(time_left) tools/matrix 2>"$work/errors")
	status=$?
	errors=$(<"$work/errors")
}

# value PERL: of an expression on matrix.json, which is $_
value() {
	perl -MJSON::PP -e 'local $/; $_ = JSON::PP->new->decode(scalar <STDIN>); my @v = eval shift; die $@ if $@; print join(" ", @v), "\n"' \
		"$1" <"$work/matrix.json"
}

matrix ''
is "$status" 0 'every outcome is as expected' || diag "$output$errors"
diag "$output"
diag "more than one of 3 tries: $(value 'map { "$_->{attack}: $_->{tries}" } grep { ($_->{tries} // 1) > 1 } map { values %$_ } values %{ $_->{cells} }')"
attacks=$(sed -n 's/^ATTACK(\([a-z0-9_]*\).*/\1/p' user/attacks/attacks.def)
is "$(value 'map { $_->{name} } @{ $_->{attacks} }')" "$(tr '\n' ' ' <<<"$attacks" | sed 's/ $//')" 'its rows are those of attacks.def'
is "$(value 'my $m = $_; my $n = 0; for my $a (@{ $m->{attacks} }) { for my $c (@{ $m->{configurations} }) {
	my $cell = $m->{cells}{ $a->{name} }{ $c->{name} } // {};
	$n++ if $cell->{attack} eq $a->{name} && $cell->{as_expected} && $cell->{outcome} eq $cell->{expected} && !$cell->{audit_violations};
} } $n == @{ $m->{attacks} } * @{ $m->{configurations} } ? "all" : $n')" all 'no cell is missing, and none contradicts itself'

# Each value of each option that is a defence is a column, or the same machine as one.
missing=
names=$(value 'map { $_->{name}, map { $_->{name} } @{ $_->{also} } } @{ $_->{configurations} }')
while read -r option values; do
	for variant in ${values//|/ }; do
		[[ " $names " == *" $option=$variant "* ]] || missing+="$option=$variant "
	done
done < <(sed -n 's/^OPTION(\([a-z]*\), [a-z]*, "\([^"]*\)".*"[a-z]*\.\.[a-z]*")$/\1 \2/p' kernel/abi/options.def)
is "$missing" '' 'every variant of every defence is a column'
is "$(value 'grep { !/^(?:all-on|defaults)$/ && !$seen{$_}++ && !/[=]/ } map { $_->{name} } @{ $_->{configurations} }')" all-off \
	'and all defences off is one'

# Every flaw shows somewhere: each attack succeeds in a column, but for one that nothing lets through.
is "$(value 'my $m = $_; grep { my $row = $m->{cells}{$_}; !grep { $_->{outcome} eq "BREACH" } values %$row } map { $_->{name} } @{ $m->{attacks} }')" \
	'descriptor_leak base_brute' 'every attack succeeds somewhere, but for one that UMIP only makes harder and one that asks a silent judge'
for variant in local deferred batch; do
	is "$(value "scalar grep { \$_->{\"xpfo=$variant,kaiser=off\"}{outcome} eq 'BREACH' && \$_->{\"xpfo=sync,kaiser=off\"}{outcome} eq 'FAULT' }
		values %{ \$_->{cells} }")" "$([ "$variant" = local ] && echo 4 || echo 3)" "the flaws of xpfo=$variant show beside xpfo=sync"
done
is "$(value 'join ",", @{ $_->{guest}{"xpfo=epoch,kaiser=off"}{options} }{qw(xpfo kaiser)}')" 'epoch,off' \
	'the guest says which options were in force'
is "$(value 'map { scalar @$_ > 0 } @{ $_->{guest}{defaults} }{qw(kernel_root shadow_root)}')" '1 1' 'and what its roots map'
like "$(value '$_->{cells}{ret2dir_obj}{defaults}{said}')" 'forged object at 0x' 'a cell has what the attack said'
[ -x /usr/bin/bochs ] && is "$(value '$_->{guest}{"kaiser=pcid,bochs"}{options}{kaiser}')" pcid 'in Bochs PCIDs are in use'
like "$(<"$work/matrix.md")" '^\| ret2dir_obj \| FAULT \| BREACH \|' 'matrix.md has tables'
unlike "$(<"$work/matrix.md")" 'Not as expected' 'and nothing unexpected'

matrix 'attack:sheep'
is "$status" 2 'an attack that is not there is refused'
like "$errors" 'nothing is called attack:sheep' 'by name'
like "$errors" 'attack:NAME .* ret2dir_obj' 'and what there is is listed'
matrix 'config:xpfo=never'
is "$status" 2 'so is a configuration'
like "$errors" 'config:NAME .* xpfo=sync' 'and what there is is listed'
tools/matrix --help | grep -q '^usage: make matrix'
is $? 0 'tools/matrix --help explains it'

# A machine that dies in the middle, one that hangs, and one that forgets an attack: canned, as a kernel that does so
# comes and goes.
mkdir -p "$work/tree/tools"
cp -r tools/matrix tools/museum tools/bench tools/lib "$work/tree/tools"
cp -r --parents kernel/abi/options.def user/attacks/attacks.def "$work/tree"
cell='"said": "", "outcome": "FAULT", "expected": "FAULT", "stopped_by": "", "as_expected": true, "observed": "", "audit_violations": 0'
canned() {
	printf '#!/bin/bash\necho "@@ attacks"\necho "["\n' >"$work/tree/tools/run"
	printf "echo '{\"attack\": \"ret2dir_obj\", $cell},'\n%s\n" "$1" >>"$work/tree/tools/run"
	chmod +x "$work/tree/tools/run"
	output=$(MATRIX_OUT=$PWD/$work MATRIX='ret2dir_obj ret2dir_rop defaults' "$work/tree/tools/matrix" 2>"$work/errors")
	status=$?
}
canned "echo '{\"attack\": \"ret2dir_rop\", \"said\": \"on'; echo 'the last words' >&2; exit 124"
is "$status" 1 'a machine that dies makes the matrix fail'
like "$output" 'ret2dir_rop, defaults: ERROR' 'the attack that was not done is an error'
like "$output" 'the machine ended in the middle of it' 'with the reason'
like "$output" 'the last words' 'and the last words of the machine'
unlike "$output" 'ret2dir_obj, defaults' 'what was done before counts'
canned 'exit 125'
like "$output" 'ret2dir_rop, defaults: ERROR' 'so is one whose turn did not come'
like "$output" 'the machine ended before' 'with that reason'
canned "echo ']'; echo '@@ end'"
is "$status" 1 'a boot that forgot an attack makes the matrix fail'
like "$output" 'it was not run' 'and says so'
canned "printf '%s\n' '{\"attack\": \"ret2dir_rop\", ${cell/: 0/: 7}}'; echo '@@ end'"
is "$status" 1 'a violation that the audit found makes the matrix fail'
like "$output" 'then the audit found 7 violations' 'and says so'
canned "printf '%s\n' '{\"attack\": \"ret2dir_rop\", $cell}'; echo '@@ end'"
is "$status" 0 'the same with nothing wrong passes'
like "$(tr -d ' \n' <"$work/matrix.json")" '"by_hand":"makerunSMP=2MEM=64MOPTS=.vuln=on."' 'each column has the command that boots it by hand'
mkdir "$work/tree/build"
printf '#!/bin/bash\n' >"$work/tree/tools/report"
chmod +x "$work/tree/tools/report"
output=$(unset MATRIX_OUT; MATRIX='ret2dir_obj ret2dir_rop defaults' "$work/tree/tools/matrix" 2>/dev/null)
is "$(tail -n 1 <<<"$output")" 'the report: build/report/index.html' 'the last line says where the report is'

done_testing
