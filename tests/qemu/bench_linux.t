#!/bin/bash
# `make bench-linux` boots Debian's kernel with our programs: every operation has a figure, with page-table isolation and without.
# In a soak alone: it downloads the kernel, once, and boots it twice.
# needs: nothing
. "$(dirname "$0")/lib.sh"
release_only
leave() {
	skip "$1"
	done_testing
	exit
}
[ -n "$(soak yes '')" ] || leave 'in a soak alone'
tools/linux-kernel 2>"$work/errors" || leave "there is no kernel: $(tail -n 2 "$work/errors" | head -n 1)"

make -s bench-linux QUICK=1 DEPS=0 >"$work/said" 2>&1
is $? 0 'Linux boots twice, and every program ends' || diag "$(tail -n 30 "$work/said")"
figures() {
	perl -MJSON::PP -e 'local $/; $_ = JSON::PP->new->decode(scalar <STDIN>); my @v = eval shift; die $@ if $@; print "@v\n"' "$1" <build/bench-linux.json
}
is "$(figures 'map { $_->{operation} } grep { $_->{off} < 100 || $_->{on} < 100 } @{ $_->{rows} }')" '' 'no operation takes less than 100 instructions'
is "$(figures 'scalar @{ $_->{rows} }')" "$(grep -cE '\| bench_|\| mkload' tools/bench/Operations.pm)" 'and each of the table has a figure'
is "$(figures 'map { $_->{options}{pti} } @{ $_->{guests} }')" 'off on' 'isolation is in force where it was asked for'
done_testing
