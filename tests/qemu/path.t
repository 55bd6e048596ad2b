#!/bin/bash
# `make bench-path` records the files and functions that an operation runs through, in order.
# needs: direct
. "$(dirname "$0")/lib.sh"

release_only
unset OP OPTS JOBS
make -s --no-print-directory build/bench/path.so

# path NAME=VALUE...: sets $output, $errors, $status
path() {
	output=$(env "$@" tools/bench-path 2>"$work/errors")
	status=$?
	errors=$(<"$work/errors")
}

# The value of a Perl expression on the row of an operation, which is %$r.
json() {
	perl -MJSON::PP -e 'local $/; my $r = (grep { $_->{operation} eq $ARGV[0] } @{ JSON::PP->new->decode(scalar <STDIN>)->{rows} })[0];
		my @v = eval $ARGV[1]; die $@ if $@; print join(" ", map { $_ // "null" } @v), "\n"' "$1" "$2" <build/bench-path.json
}

path OPTS=ptprot=off
is "$status" 0 'every operation has a path' || diag "$errors"
mapfile -t operations < <(sed -n '2,/^$/s/^\([a-z_]*\) .*/\1/p' <<<"$output")
seen 'operations' "${operations[@]}"
like "$output" '^seal +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+  ' 'a row each'
is "$(json getpid '(map { $_->{function} } @{ $r->{path} })[0, -1]')" 'entry_syscall_nopcid leave_syscall_nopcid' \
	'a null call begins at the way in, and ends at the way out'
is "$(json getpid 'scalar grep { $_->{function} eq "sys_gettid" } @{ $r->{path} }')" 1 'and the call is between them'
is "$(json neighbour '$r->{nr_files} == keys %{ $r->{files} } && $r->{moves} >= $r->{nr_files} - 1')" 1 'moves and files agree'
is "$(json neighbour 'my $nr = 0; $nr += $_->{instructions} for @{ $r->{path} }; $nr - $r->{instructions}')" 0 \
	'every instruction is in one part of the path'
is "$(json seal '(map { "$_->{function}, $_->{file}" } @{ $r->{path} })[0]')" 'pmalloc_protect_pool, kernel/mm/pool/pool.c' \
	'a seal begins at the function that seals'
is "$(json seal 'scalar grep { $_->{file} eq "unknown" } @{ $r->{path} }')" 0 'and every instruction has a line'

path OPTS=ptprot=off OP=neighbour
like "$output" '^kernel/mm/.*as_fault.c' 'one operation alone is told with its whole path'
path OP=nothing
like "$status $errors" '^2 .*OP=nothing: there is no such operation: first_fault, ' 'a name of none is refused, and all are named'
done_testing
