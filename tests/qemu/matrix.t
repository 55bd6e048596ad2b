#!/bin/bash
# The matrix: every attack on every variant of every defence, every outcome as expected; in the release build alone, the
# debug build's attacks.t has some of it. And its words, and what it makes of a machine that dies.
# needs: iso bochs
. "$(dirname "$0")/lib.sh"
. tests/rows.sh
export JOBS=1 MATRIX_OUT=$work

release_only

# matrix WORDS: sets $output, $errors, $status
matrix() {
	output=$(MATRIX=$1 TIMEOUT=$(time_left) tools/matrix 2>"$work/errors")
	status=$?
	errors=$(<"$work/errors")
}

# value PERL [FILE]: of an expression on matrix.json, which is $_; that is parsed when it has changed, which takes long
value() {
	local json=$work/${2:-matrix}.json
	[ "$json.parsed" -nt "$json" ] || perl -MJSON::PP -MStorable=store -e 'local $/;
		store(JSON::PP->new->decode(scalar <STDIN>), shift)' "$json.parsed" <"$json"
	perl -MStorable=retrieve -MJSON::PP -e '$_ = retrieve(shift); my @v = eval shift; die $@ if $@; print join(" ", @v), "\n"' \
		"$json.parsed" "$1"
}

# The column in Bochs takes as long as ten others.
with_bochs=$([ -x /usr/bin/bochs ] && soak 1 0)
export MATRIX_BOCHS=${with_bochs:-0}

# part_of_all WORDS: runs those cells alone, and keeps them for join_parts
nr_parts=0 all_output='' unexpected=''
part_of_all() {
	matrix "$1"
	all_output+="$output$errors"
	nr_parts=$((nr_parts + 1))
	mv "$work/matrix-partial.json" "$work/part-$nr_parts.json"
	mv "$work/matrix-partial.md" "$work/part-$nr_parts.md"
	[ "$status" = 0 ] || note_unexpected "part-$nr_parts"
}

# note_unexpected FILE: the cells of a run that went wrong, a line each
note_unexpected() {
	unexpected+=$(value 'map { "$_->{attack} on $_->{configuration} $_->{with}: $_->{outcome}, not $_->{expected}: $_->{observed}\n" }
		@{ $_->{unexpected} }' "$1")
	[ -n "$unexpected" ] || unexpected="status $status of the run kept in $1"
}

# The parts as one matrix: its cells are those that were run.
join_parts() {
	perl -MJSON::PP -e 'my $all;
		for my $path (@ARGV) {
			open my $file, "<", $path or die "$path: $!";
			local $/;
			my $part = JSON::PP->new->decode(scalar <$file>);
			$all //= { %$part, attacks => [], configurations => [] };
			for my $kind (qw(attacks configurations)) {
				for my $one (@{ $part->{$kind} }) {
					push @{ $all->{$kind} }, $one unless grep { $_->{name} eq $one->{name} } @{ $all->{$kind} };
				}
			}
			for my $attack (keys %{ $part->{cells} }) {
				$all->{cells}{$attack}{$_} = $part->{cells}{$attack}{$_} for keys %{ $part->{cells}{$attack} };
			}
			$all->{guest}{$_} = $part->{guest}{$_} for keys %{ $part->{guest} };
		}
		print JSON::PP->new->canonical->encode($all)' "$work"/part-*.json >"$work/matrix.json"
}

# Every cell in a soak. Otherwise all attacks on the machines in which many options change, and on the variants of one option
# those attacks that this option has a say in: all on the first, which is the weakest where there are several, and on each other
# one a quarter of them, another one each, in turn; where it has a say in none, one in six. The variants of XPFO are told apart
# without KAISER, whose every entry flushes; with KAISER, one attack on each.
if [ -n "$(soak 1 '')" ]; then
	matrix ''
	[ "$MATRIX_BOCHS" = 1 ] || mv "$work/matrix-partial.json" "$work/matrix.json"
	[ "$MATRIX_BOCHS" = 1 ] || mv "$work/matrix-partial.md" "$work/matrix.md"
	all_output=$output$errors
	[ "$status" = 0 ] || note_unexpected matrix
else
	part_of_all 'config:all'
	mapfile -t groups < <(tools/matrix --list | sed -n 's/.* group //p' | sort -u | grep -vx all)
	seen 'groups of columns' "${groups[@]}"
	read_rows attacks name
	attacks=("${rows[@]}")
	read_rows attacks name stopped_by
	for group in "${groups[@]}"; do
		mapfile -t columns < <(tools/matrix --list | awk -v group="$group" '$2 == "group" && $3 == group && !/,bochs / { print "config:" $1 }')
		if [ "$group" = xpfo ]; then
			part_of_all "${columns[*]} attack:ret2dir_obj"
			continue
		fi
		decided=()
		for option in ${group//,/ }; do
			[[ $option == *=* ]] || mapfile -t -O ${#decided[@]} decided < <(printf '%s\n' "${rows[@]}" |
				awk -F '\t' -v option="$option" '$2 ~ "(^|[ &])" option "!?=" { print "attack:" $1 }')
		done
		if [ ${#decided[@]} = 0 ]; then
			mapfile -t decided < <(rotate 6 "${attacks[@]/#/attack:}")
			part_of_all "${columns[*]} ${decided[*]}"
			continue
		fi
		part_of_all "${columns[0]} ${decided[*]}"
		for ((nr = 0; nr < 4 && nr < ${#columns[@]} - 1; nr++)); do
			mapfile -t words < <(TEST_SEED=$((4 - nr)) rotate 4 "${columns[@]:1}" 2>/dev/null
				TEST_SEED=$((TEST_SEED + nr)) rotate 4 "${decided[@]}")
			[[ " ${words[*]}" != *' attack:'* ]] || part_of_all "${words[*]}"
		done
	done
	mv "$work/part-1.md" "$work/matrix.md"
	join_parts
fi
is "$unexpected" '' 'every outcome is as expected'
diag "$all_output"
diag "more than one of 8 tries: $(value 'map { "$_->{attack}: $_->{tries}" } grep { ($_->{tries} // 1) > 1 } map { values %$_ } values %{ $_->{cells} }')"
read_rows attacks name
is "$(value 'map { $_->{name} } @{ $_->{attacks} }')" "${rows[*]}" 'its rows are those of attacks.def'
is "$(value 'my $m = $_; my @wrong;
	for my $a (map { $_->{name} } @{ $m->{attacks} }) { for my $c (@{ $m->{configurations} }) {
		my $cell = $m->{cells}{$a}{ $c->{name} };
		next if !$cell && !$ENV{SOAK} && $c->{group} ne "all";
		push @wrong, "$a, $c->{name}" unless $cell && $cell->{attack} eq $a && $cell->{as_expected} && $cell->{outcome} eq $cell->{expected}
			&& !$cell->{audit_violations};
	} }
	@wrong')" '' 'no cell is missing, and none contradicts itself'

# Each value of each option that is a defence is a column, or the same machine as one.
missing=
names=$(value 'map { $_->{name}, map { $_->{name} } @{ $_->{also} } } @{ $_->{configurations} }')
variants=()
read_rows options name values strength
for row in "${rows[@]}"; do
	IFS=$'\t' read -r option values strength <<<"$row"
	[ -z "$strength" ] || for variant in ${values//|/ }; do
		variants+=("$option=$variant")
		[[ " $names " == *" $option=$variant "* ]] || missing+="$option=$variant "
	done
done
seen 'variants of defences' "${variants[@]}"
is "$missing" '' 'every variant of every defence is a column'
is "$(value 'grep { !/^(?:all-on|defaults)$/ && !$seen{$_}++ && !/[=]/ } map { $_->{name} } @{ $_->{configurations} }')" all-off \
	'and all defences off is one'

# Every flaw shows somewhere: each attack succeeds in a column, but for one that nothing lets through.
is "$(value 'my $m = $_; grep { my $row = $m->{cells}{$_}; !grep { $_->{outcome} eq "BREACH" } values %$row } map { $_->{name} } @{ $m->{attacks} }')" \
	'descriptor_leak base_brute gate_race gate_lock gate_nmi' \
	'every attack succeeds somewhere, but for one that UMIP only makes harder, one that asks a silent judge, and those that gate.t has succeed'
declare -A nr_flaws=([v1]=9 [v6]=3 [v7noflush]=11 [v7]=10 [v8]=9 [v8batch]=9 [v9]=5)
nr=$(value 'my $m = $_; scalar grep { $_ && $_->{outcome} eq "BREACH" }
	map { @$_{map { "xpfo=$_,kaiser=off" } qw(v1 v6 v7noflush v7 v8 v8batch v9)} } values %{ $m->{cells} }')
[ "$nr" -ge "$(soak 58 8)" ]
ok $? "flaws of published variants show: $nr"
for variant in $(soak 'v1 v6 v7noflush v7 v8 v8batch v9' ''); do
	is "$(value "scalar grep { \$_->{\"xpfo=$variant,kaiser=off\"}{outcome} eq 'BREACH' && \$_->{\"xpfo=sync,kaiser=off\"}{outcome} eq 'FAULT' }
		values %{ \$_->{cells} }")" "${nr_flaws[$variant]}" "the flaws of xpfo=$variant show beside xpfo=sync"
done
is "$(value 'join ",", @{ $_->{guest}{"xpfo=epoch,kaiser=off"}{options} }{qw(xpfo kaiser)}')" 'epoch,off' \
	'the guest says which options were in force'
is "$(value '@{ $_->{guest}{defaults} }{qw(version)}, $_->{made}{version}')" "$(<VERSION) $(<VERSION)" 'of which version its kernel is'
like "$(value '$_->{guest}{defaults}{processor}')" '[A-Za-z]' 'and what its processor calls itself'
like "$all_output" 'cells, [0-9]+ as expected, 0 not, [0-9]+ skipped: .*directmap=2m' 'the summary counts what was skipped'
is "$(value 'map { scalar @$_ > 0 } @{ $_->{guest}{defaults} }{qw(kernel_root shadow_root)}')" '1 1' 'and what its roots map'
like "$(value '$_->{cells}{ret2dir_obj}{defaults}{said}')" 'forged object at 0x' 'a cell has what the attack said'
[ "$MATRIX_BOCHS" = 1 ] && is "$(value '$_->{guest}{"kaiser=pcid,bochs"}{options}{kaiser}')" pcid 'in Bochs PCIDs are in use'
unset MATRIX_BOCHS
like "$(<"$work/matrix.md")" '^\| ret2dir_obj( \| FAULT)+ \| BREACH \|' 'matrix.md has tables'
unlike "$(<"$work/matrix.md")" 'Not as expected' 'and nothing unexpected'

matrix 'attack:ret2dir_obk'
like "$errors" 'nothing is called attack:ret2dir_obk; did you mean ret2dir_obj' 'and what may have been meant'
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
cp -r --parents kernel/abi/options.def user/attacks/{attacks,needs}.def "$work/tree"
# A small one: five rows, and the columns of four options.
tools/def options name default values help strength | awk -F '\t' '{
	printf "OPTION(%s, %s, \"%s\", \"%s\", \"%s\")\n", $1, $2, $3, $4, $1 ~ /^(xpfo|kaiser|pmalloc|ptprot)$/ ? $5 : "" }' \
	>"$work/tree/kernel/abi/options.def"
tools/def attacks name brief stopped_by outcome nr_cpus | awk -F '\t' '$1 ~ /^(ret2dir_obj|ret2dir_rop|xpfo_unflushed|seal_write|tlb_mode)$/ {
	printf "ATTACK(%s, \"%s\", \"%s\", %s, %s)\n", $1, $2, $3, $4, $5 }' >"$work/tree/user/attacks/attacks.def"
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
like "$(tr -d ' \n' <"$work/matrix.json")" '"by_hand":"makerunSMP=2MEM=96MOPTS=.vuln=on."' 'each column has the command that boots it by hand'
mkdir "$work/tree/build"
printf '#!/bin/bash\n' >"$work/tree/tools/report"
chmod +x "$work/tree/tools/report"
output=$(unset MATRIX_OUT; MATRIX='ret2dir_obj ret2dir_rop defaults' "$work/tree/tools/matrix" 2>/dev/null)
like "$(tail -n 1 <<<"$output")" '^the report: build/report/(index|partial).html$' 'the last line says where the report is'

# --- a part of the matrix, beside the full one ---

# A guest that does as it is told at once: each attack that it is asked for, or all, ends in what the file `outcome` says.
mkdir -p "$work/tree/build" "$work/tree/docs"
cp -r tools/report tools/report.d "$work/tree/tools"
cp VERSION "$work/tree"
echo kernel >"$work/tree/kernel.elf"
echo archive >"$work/tree/archive.tar"
tools/def attacks name >"$work/tree/attacks"
cat >"$work/tree/tools/run" <<'END'
#!/bin/bash
echo '@@ attacks'
names=$(sed 's/; .*//; s/.*attack -j all//' <<<"${CMD#*; }")
outcome=$(<outcome)
for name in ${names:-$(<attacks)}; do
	echo "{\"attack\": \"$name\", \"said\": \"\", \"outcome\": \"$outcome\", \"expected\": \"FAULT\", \"stopped_by\": \"\","\
		"\"as_expected\": $([ "$outcome" = BREACH ] && echo false || echo true), \"observed\": \"\", \"audit_violations\": 0},"
done
echo '@@ end'
END
# part OUTCOME WORDS [KNOB=VALUE...]
part() {
	echo "$1" >"$work/tree/outcome"
	output=$(env -u MATRIX_OUT KERNEL=kernel.elf ARCHIVE=archive.tar MATRIX="$2" PATH="$PWD/$work/bin:$PATH" "${@:3}" "$work/tree/tools/matrix" \
		2>"$work/errors")
	status=$?
	errors=$(<"$work/errors")
}
in_tree() { value "$1" "tree/build/${2:-matrix}"; }
picture() {
	errors=$(cd "$work/tree" && tools/report --picture docs/matrix.svg "$@" 2>&1)
	status=$?
}
# Bochs is there for this one.
mkdir "$work/bin"
printf '#!/bin/bash\necho Bochs x86 Emulator 0\n' >"$work/bin/bochs"
chmod +x "$work/bin/bochs"

part FAULT 'ret2dir_obj defaults'
is "$status" 0 'a part without a full matrix is run' || diag "$errors"
[ ! -e "$work/tree/build/matrix.json" ] && [ ! -e "$work/tree/build/report/index.html" ]
ok $? 'and is not taken for one'
like "$output" 'kept in build/matrix-partial.json .*; the full matrix is left as it was' 'its place is told'
picture
is "$status" 1 'there is no matrix to draw'
picture --matrix build/matrix-partial.json
is "$status" 2 'no picture is drawn of a part'
like "$errors" 'no picture of a part: it has chosen rows' 'with the reason'

part FAULT ''
is "$status" 0 'the full matrix is run' || diag "$errors"
nr=$(in_tree '$_->{summary}{cells}')
picture
is "$status" 0 'and can be drawn' || diag "$errors"
cp "$work/tree/docs/matrix.svg" "$work/full.svg"

part BREACH 'ret2dir_obj defaults xpfo=off'
is "$status" 1 'a part that is not as expected fails'
like "$output" '^2 cells, 0 as expected, 2 not' 'what is shown is the part'
is "$(in_tree 'join " ", @{ $_->{summary} }{qw(cells as_expected unexpected)}')" "$nr $((nr - 2)) 2" 'it takes the place of the same cells of the full one'
is "$(in_tree 'my $m = $_; map { $m->{cells}{ret2dir_obj}{$_}{outcome} } "defaults", "xpfo=off", "xpfo=sync"')" 'BREACH BREACH FAULT' 'of those alone'
is "$(in_tree 'scalar @{ $_->{merged} }, $_->{merged}[0]{cells}')" '1 2' 'and that is noted'
part SKIP 'ret2dir_obj defaults'
is "$status" 0 'another part is run'
like "$output" '^1 cells, 1 as expected, 0 not, 1 skipped: ret2dir_obj, defaults; ' 'what was skipped is counted and named'
is "$(in_tree 'join " ", $_->{summary}{unexpected}, @{ $_->{summary}{skipped} }, map { $_->{configuration} } @{ $_->{unexpected} }')" \
	'1 ret2dir_obj, defaults xpfo=off' 'what was unexpected before is so no longer'
part FAULT 'ret2dir_obj defaults xpfo=off'
picture
cmp -s "$work/tree/docs/matrix.svg" "$work/full.svg"
ok $? 'with the same outcomes the picture is the same'

before=$(<"$work/tree/build/matrix.json")
echo another >"$work/tree/kernel.elf"
part BREACH 'ret2dir_obj defaults'
is "$(<"$work/tree/build/matrix.json")" "$before" 'a part of another kernel changes nothing in it'
is "$(in_tree '$_->{cells}{ret2dir_obj}{defaults}{outcome}' matrix-partial)" BREACH 'and is kept elsewhere'
echo kernel >"$work/tree/kernel.elf"
part BREACH 'ret2dir_obj defaults' ACCEL=kvm
is "$(<"$work/tree/build/matrix.json")" "$before" 'nor does one that was run in another way'
part FAULT '' MATRIX_BOCHS=0
is "$(in_tree '$_->{summary}{cells}')" "$nr" 'a matrix without a column is a part'
like "$output" '; columns left out: kaiser=pcid,bochs \(MATRIX_BOCHS=0\)$' 'and says which is missing'

# What makes no sense, or would never end.
no_part() {
	part FAULT "${@:3}"
	is "$status" 2 "refused: $1"
	like "$errors" "$2" 'with the reason'
}
no_part 'JOBS=x' 'JOBS=x: must be a number of guests' '' JOBS=x
no_part 'JOBS=-1' 'JOBS=-1: must be' '' JOBS=-1
no_part 'JOBS=0' 'JOBS=0: must be' '' JOBS=0
no_part 'OPTS' 'OPTS=xpfo=off: each column has its own' '' OPTS=xpfo=off
no_part 'TIMEOUT=x' 'TIMEOUT=x: must be' '' TIMEOUT=x
no_part 'a column that cannot be' 'kaiser=pcid,bochs: MATRIX_BOCHS=0' 'config:kaiser=pcid,bochs' MATRIX_BOCHS=0

# A column is what it says, or an error.
sed -i "2i printf 'bulwark:   xpfo   epoch   of off|epoch\\\\n' >\"\$LOG\"" "$work/tree/tools/run"
part FAULT 'ret2dir_obj xpfo=off'
is "$status" 1 'a column whose options are not in force fails' || diag "$output"
like "$output" 'ret2dir_obj, xpfo=off: ERROR' 'each cell is an error'
like "$output" 'xpfo=off is not in force, but xpfo=epoch' 'that says so'

done_testing
