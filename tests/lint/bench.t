#!/bin/bash
# `make bench` puts the figures of all benchmarks together: every row that is promised, plots, aims, and who failed.
# The benchmarks are canned here: tests/lint/bench/NAME.json is what one keeps.
# needs: plots
. "$(dirname "$0")/../tap.sh"
. tests/rows.sh
unset ONLY QUICK JOBS OPTS

# A benchmark that prints something and keeps its canned figures.
can() {
	printf '#!/bin/bash\necho a table\ncp tests/lint/bench/%s.json %s/\n' "$1" "$work" >"$work/tools/bench-$1"
	printf 'mv %s/%s.json %s/bench-%s.json\n' "$work" "$1" "$work" "$1" >>"$work/tools/bench-$1"
	chmod +x "$work/tools/bench-$1"
}

bench() {
	said=$(tools/bench-all --tools="$work/tools" --out="$work" 2>"$work/errors")
	status=$?
}

# The value of a Perl expression on bench.json, which is %$_; tables by title are %$t.
json() {
	perl -MJSON::PP -e 'local $/; $_ = JSON::PP->new->decode(scalar <STDIN>); my $t = { map { $_->{table} => $_ } @{ $_->{published} } };
		my @v = eval shift; die $@ if $@; print join(" ", map { $_ // "null" } @v), "\n"' "$1" <"$work/bench.json"
}

mkdir "$work/tools"
for name in cost linux pmalloc kaiser xpfo; do
	can "$name"
done
bench
is "$status" 0 'all benchmarks ran' || diag "$(<"$work/errors")"
is "$(json 'map { $_->{name} } @{ $t->{"instructions per operation"}{rows} }')" \
	'null system call IPC round trip page fault, zeroing included mmap, touch, munmap of one page fork, exit, wait boot, 512 MiB boot, each further GiB' \
	'the table of costs has every operation'
is "$(json 'my $v = $t->{"instructions per operation"}{rows}[1]{values}; @$v{"Linux 6.1, on", "seL4, on", "xv6", "Bulwark", "aim"}')" \
	'12002 482 27250 999.1 420' 'beside the published figures and the aim'
is "$(json 'my $v = $t->{"instructions per operation"}{rows}[0]{values}; @$v{"Linux 6.1, off", "Linux 6.1, on"}')" '301 302' \
	'where Linux was counted, with those figures'
is "$(json 'map { join ":", $_->{name}, @{ $_->{values} }{"PTI off", "PTI on", "no mitigations", "Bulwark"} } @{ $t->{"instructions per operation in Linux"}{rows} }')" \
	'null system call:301:302:300:64 IPC round trip:12001:12002:12000:999.1' 'they have a table of their own, beside ours'
like "$(json '$t->{"instructions per operation in Linux"}{source}')" 'linux-image-6.1.0-0-amd64 6.1.0-1, QEMU .*pti=off; .*pti=on; .*mitigations=off' \
	'which says with what they were counted'
is "$(json 'map { $_->{name} } @{ $t->{"time of XPFO relative to none"}{rows} }')" \
	'off v1 sync v8 v8batch epoch v6 v7 v9' 'the table of XPFO has every variant'
is "$(json 'map { $_->{name} } @{ $t->{"null system call under KAISER"}{rows} }')" 'off nopcid pcid' \
	'the table of KAISER has every variant'
is "$(json 'map { scalar @{ $t->{$_}{rows} } } "allocating an object", "sealing, destroying, write-rare"')" '4 9' \
	'the tables of pools have every size'
is "$(json 'grep { !$_->{source} || !$_->{unit} || !@{ $_->{columns} } } @{ $_->{published} }')" '' \
	'every table says its source and unit'
is "$(json 'scalar @{ $_->{notes} }')" 3 'the notes say what an emulator can and cannot say'
is "$(json 'scalar grep { $_->{name} =~ /^boot/ } @{ $t->{"CR3 writes per operation"}{rows} }')" 0 \
	'a boot is counted in instructions alone'
is "$(json 'map { ($_->{name}, @{ $_->{values} }{"instructions", "tables, MiB"}) } @{ $t->{"boot by memory"}{rows} }')" \
	'boot with 64 MiB 3344050 0.7 boot with 400 GiB null null' 'boots have the tables of their memory beside them; one was not measured'
is "$(json 'map { my $v = $_->{values}; ($_->{name}, @$v{"gates", "CR3 writes, off", "CR3 writes, window", "PKRS writes, pks"}) } $t->{"calls of the gate per operation"}{rows}[1]')" \
	'neighbour fault 3 2 8 6' 'calls of the gate have a table, with what they write'
is "$(json 'map { @{ $_->{values} }{"ptprot=off", "ptprot=pks"} } @{ $t->{"what protecting page tables costs"}{rows} }')" '64 64 401.5 471.5 27305.1 null null 93' \
	'so has each operation, by ptprot'
like "$said" '^null system call, gates +0 +0 +met$' 'a null call must not enter the gate'
like "$said" '^neighbour fault, ptprot=pks more than off +70 +70 +met$' 'a difference is held against its aim'
like "$said" '^fork, exit, wait, ptprot=pks +30000 +- +not measured$' 'what was counted with ptprot=off alone is not judged'
like "$said" '^one gate: a page is mapped, ptprot=pks +60 +91 +1.52 times over$' 'of one gate its writes are subtracted'
like "$said" '^boot, 512 MiB, instructions +10000000 +5426025 +met$' 'a figure in millions is shown in full'
like "$said" '^IPC round trip, instructions +420 +999.1 +2.38 times over$' 'an aim that is missed is shown as missed'
like "$said" '^xpfo=epoch, rounds per user page, 2 processors +0 +0 +met, quick$' 'one that is met by a quick run, as quick'
like "$said" '^xpfo=epoch, time to off, 2 processors +1.03 +[0-9.]+ +not judged: timed once$' 'a time that was taken once is not judged'

missing=
mapfile -t operations < <(perl -ne 'print "$1\n" if /"operation": "([^"]*)"/' tools/bench/published.json | sort -u)
seen 'operations' "${operations[@]}"
for operation in "${operations[@]}"; do
	grep -q "^$operation *|" tools/bench/Operations.pm || missing+="$operation "
done
is "$missing" '' 'bench-cost measures every operation that has published figures'

plots=$(json 'map { $_->{file} } @{ $_->{plots} }')
is "$plots" 'plots/cost.svg plots/xpfo_time.svg plots/xpfo_rounds.svg plots/kaiser.svg plots/pmalloc_object.svg plots/pmalloc_seal.svg' \
	'every plot is listed'
bad=
for plot in $plots; do
	svg=$(<"$work/report/$plot")
	[[ $svg == *'</svg>' && $svg == *currentColor* && $svg != *'"black"'* && $svg != *'fill="white"'* ]] || bad+="$plot "
done
is "$bad" '' 'plots are whole, transparent, and take the colour of the text around them'
is "$(json 'grep { length $_->{alt} < 60 || $_->{alt} =~ /not measured/ } @{ $_->{plots} }')" '' 'every plot is put in words'
like "$(json 'map { $_->{title} } @{ $_->{plots} }')" 'variant \(quick run\)' 'the title of a plot says that the run was quick'

printf '#!/bin/bash\nexit 3\n' >"$work/tools/bench-kaiser"
bench
is "$status" 1 'a benchmark that fails makes the command fail'
like "$said" '^kaiser +FAILED: exit status 3' 'and is named'
is "$(json '$_->{benchmarks}{kaiser}, $_->{benchmarks}{cost} ? "cost" : ()')" 'null cost' \
	'its figures of before are gone, those of the others are there'
like "$said" '^kaiser=pcid, CR3 writes of a null call +2 +- +not measured$' 'its aims are not measured'
printf '#!/bin/bash\nexit 0\n' >"$work/tools/bench-kaiser"
bench
is "$status" 1 'so does one that keeps no figures'
like "$said" '^kaiser +FAILED: it kept no figures' 'and that is said'

can kaiser
ONLY=kaiser bench
is "$status" 0 'ONLY runs those that it names'
like "$said" '^cost +figures of 2' 'and takes the figures of the others as they are'
ONLY=sheep bench
is "$status" 2 'ONLY with an unknown name is refused'
like "$(<"$work/errors")" 'no benchmark called sheep. There are: cost' 'and the names are listed'

# What cannot be measured is refused before anything is.
refused() {
	local regex=$1
	shift
	said=$(env "$@" --tools="$work/tools" --out="$work" 2>&1)
	is $? 2 "refused: ${*%tools/bench-all}"
	like "$said" "$regex" "and says why: $regex"
}
refused 'OPTS: xpfo=offf: xpfo has no such value; did you mean off' OPTS=xpfo=offf tools/bench-all
refused 'OPTS: bench-xpfo sets xpfo itself' OPTS=xpfo=off tools/bench-all
refused 'JOBS=x: must be a number' JOBS=x tools/bench-all
refused 'QUICK=yes: must be 0 or 1' QUICK=yes tools/bench-all
refused 'no benchmark called kaisr; did you mean kaiser' ONLY=kaisr tools/bench-all

# One benchmark, of a guest that is canned: what it keeps, and with what it was made.
mkdir -p "$work/tree/build"
cp -r VERSION tools "$work/tree"
cp -r --parents kernel/abi/options.def "$work/tree"
cat >"$work/tree/tools/run" <<'END'
#!/bin/bash
kaiser=nopcid
printf 'bulwark: version 9.9, a microkernel\nbulwark: processor model: Canned 1\n' >"$LOG"
[[ $KAISER != off ]] || kaiser=off
printf 'bulwark: kaiser=%s: this processor has no PCIDs\nbulwark:   kaiser   %s   of off|nopcid|pcid\n' $kaiser $kaiser >>"$LOG"
printf 'bulwark:   ktest    on   of on|off\n' >>"$LOG"
echo '# bench pmalloc_16 10 1600 100 0 0'
END
canned() {
	said=$(env QUICK=1 "$@" "$work/tree/tools/bench-pmalloc" 2>&1)
	status=$?
}
figure() {
	perl -MJSON::PP -e 'local $/; $_ = JSON::PP->new->decode(scalar <STDIN>); my @v = eval shift; die $@ if $@; print "@v\n"' "$1" \
		<"$work/tree/build/bench-pmalloc.json"
}
canned OPTS='kaiser=nopcid'
is "$status" 0 'a benchmark of a guest that does as asked ends with 0' || diag "$said"
is "$(figure 'map { $_->{options}{kaiser}, $_->{asked}, $_->{version}, $_->{processor} } $_->{guests}[0]')" \
	'nopcid ktest=on kaiser=nopcid 9.9 Canned 1' 'it keeps what was asked for, and what the guest tells of itself'
is "$(figure 'join ",", sort keys %{ $_->{made} }')" 'date,emulators,host,host_processor,version' 'and with what it was made'
is "$(figure '$_->{made}{version}')" "$(<VERSION)" 'by the version of the tree'
like "$(figure '$_->{made}{date}')" '^20[0-9][0-9]-[0-9-]+T[0-9:]+Z$' 'a date'
is "$(figure '$_->{made}{host}')" "$(uname -srm)" 'and the host'
like "$(figure '$_->{made}{emulators}{qemu}')" '^(QEMU emulator version .*)?$' 'and the emulator'
like "$said" '^[0-9]+ figures, [0-9]+ skipped: .*pmalloc_64 \(the guest gave no figure\)' 'what was skipped is counted and named'
rm "$work/tree/build/bench-pmalloc.json"
canned OPTS='kaiser=pcid'
is "$status" 2 'a variant that is asked for and not in force is not measured'
like "$said" 'OPTS: kaiser=pcid is not in force, but kaiser=nopcid: this processor has no PCIDs' 'and the reason is told'
[ ! -e "$work/tree/build/bench-pmalloc.json" ]
ok $? 'and nothing is kept'
canned OPTS=
is "$status" 0 'a default that falls back is measured'
is "$(figure 'map { $_->{options}{kaiser} } $_->{guests}[0]')" nopcid 'and what is in force is kept'

done_testing
