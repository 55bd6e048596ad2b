#!/bin/bash
# Every attack under combinations of options: in the debug build, which has assertions; for the release build matrix.t runs
# them all on every variant. And what reports on attacks say. One of the two combinations in each run, in turn; in `make soak`
# both, and more.
# needs: direct
. "$(dirname "$0")/lib.sh"
. tests/rows.sh
# Little: an attack fills it, and each is followed by an audit of all of it.
MEM=96M

read_rows attacks name
attacks=${rows[*]}

all_attacks() {
	SMP=2 boot "vuln=on $1" 'attack all && audit'
	tell_luck
	is "$status" 0 "attack all, every outcome as expected, audit clean: ${1:-defaults}"
	for name in $attacks; do
		grep -qE "^$name\\b" <<<"$output"
		ok $? "$name was run: ${1:-defaults}"
	done
}

if [ "$BUILD" = debug ]; then
	# all defaults in a soak: faults.t has them, and the matrix
	machines=('directmap=2m xpfo=sync kaiser=off ptprot=window physmap=rwx kaslr=off'
		'zero=early xpfo=off kaiser=off kstack=fixed pmalloc=off cred=plain authority=off ptprot=off physmap=rwx kaslr=off smep=off smap=off umip=off')
	[ -z "$(soak 1 '')" ] || machines+=('' 'directmap=2m' 'xpfo=off smep=off' 'kaiser=off pmalloc=plain cred=plain' 'physmap=rwx smap=off kstack=fixed')
	mapfile -t machines < <(rotate 2 "${machines[@]}")
	for opts in "${machines[@]}"; do
		all_attacks "$opts"
	done
fi

SMP=1 boot 'vuln=off' 'attack all'
is "$status" 0 'with vuln=off every attack is DENIED'
unlike "$output" 'BREACH|FAULT' 'with vuln=off nothing reaches the kernel'

# What the README promises.
boot 'xpfo=off vuln=on' 'attack ret2dir_obj'
is "$status" 0 'ret2dir_obj ends as expected with xpfo=off'
like "$output" 'ret2dir_obj: BREACH' 'ret2dir_obj succeeds with xpfo=off'

# The report of each attack through the direct map names the frame, its owner and XPFO.
for variant in epoch sync; do
	command=''
	for attack in code obj rop spray residue huge; do
		command+="echo @@; attack ret2dir_$attack && "
	done
	boot "xpfo=$variant vuln=on" "${command}true"
	is "$status" 0 "the ret2dir attacks end as expected with xpfo=$variant"
	all=$output
	for attack in code obj rop spray residue huge; do
		output=$(awk -v RS='@@\n' -v name="ret2dir_$attack" 'index($0, name ": FAULT")' <<<"$all")
		like "$output" "ret2dir_$attack: FAULT" "ret2dir_$attack is stopped with xpfo=$variant"
		if [ "$variant $attack" = 'sync residue' ]; then
			# the frame is free, in the direct map, and cleared
			like "$output" 'address +0x0: ' 'ret2dir_residue: the report says that the bytes are gone with xpfo=sync'
		else
			like "$output" 'XPFO: frame 0x[0-9a-f]+ belongs to (USER|FREE); it is hidden' \
				"ret2dir_$attack: the report names frame, owner and XPFO with xpfo=$variant"
		fi
	done
done

# What is printed as JSON is JSON, whatever the attack says.
boot 'xpfo=off vuln=on' 'attack -j ret2dir_obj; attack -j all "ret2usr_*"'
is "$(perl -MJSON::PP -e 'local $/; my ($one, $all) = JSON::PP->new->incr_parse(scalar <STDIN>);
	print join(" ", @$one{qw(attack outcome expected tries)}, $one->{said} =~ /forged object at 0x/ ? "said" : "silent", map { $_->{attack} } @$all)' <<<"$output")" \
	'ret2dir_obj BREACH BREACH 1 said ret2usr_code ret2usr_data' 'attack -j tells outcomes, and what the attack said'

done_testing
