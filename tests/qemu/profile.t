#!/bin/bash
# `make bench-profile` counts the instructions of an operation by function: they add up to what the clock has, and name the path.
# needs: direct plots
. "$(dirname "$0")/lib.sh"

release_only
unset OP OPTS JOBS
make -s --no-print-directory build/bench/profile.so

# profile NAME=VALUE...: sets $output, $errors, $status
profile() {
	output=$(env "$@" tools/bench-profile 2>"$work/errors")
	status=$?
	errors=$(<"$work/errors")
}

# The value of a Perl expression on the figures, which are %$_; rows by function are %$f.
json() {
	perl -MJSON::PP -e 'local $/; $_ = JSON::PP->new->decode(scalar <STDIN>); my $f = { map { $_->{function} => $_ } @{ $_->{rows} } };
		my @v = eval shift; die $@ if $@; print join(" ", map { $_ // "null" } @v), "\n"' "$1" <build/bench-profile.json
}

profile OP=null
is "$status" 0 'the null system call has a profile' || diag "$errors"
like "$output" '^null system call: [0-9.]+ instructions, [0-9.]+ CR3 writes; by the emulator' 'which begins with the sum'
is "$(json 'abs($_->{instructions} - $_->{clock}) < 0.01 * $_->{clock} ? "equal" : "$_->{instructions}, not $_->{clock}"')" equal \
	'that is what the clock has'
is "$(json 'sprintf "%.2f", $f->{sys_gettid}{calls}')" 1.00 'the call is one of its functions, and runs once'
is "$(json '$f->{sys_gettid}{file}')" kernel/task/call/sys_thread.c 'with its file'
like "$(json '(map { $_->{function} } @{ $_->{rows} })[0]')" '^entry_syscall_' 'the way in, which runs in the entry area, is the longest'
like "$(<build/bench-profile.svg)" '<title>null system call: ' 'it is drawn'

profile OP=neighbour OPTS=ptprot=off
is "$(json 'abs($_->{instructions} - $_->{clock}) < 0.02 * $_->{clock} ? "equal" : "$_->{instructions}, not $_->{clock}"')" equal \
	'of a fault, too, instructions are those of what is measured alone' || diag "$errors"
is "$(json 'scalar grep { /^gate_(enter|switch)_(?!off|here|way)/ } keys %$f')" 0 'without ptprot no gate opens'

profile OP=fork
is "$status" 2 'a part of several names is refused'
like "$errors" 'which of these: fork_bare .*fork_exec ' 'and they are named'
profile OP=nothing
is "$status" 2 'a name of none is refused'
like "$errors" 'OP=nothing: there is no such operation: null .*, ipc \(IPC round trip\)' 'and all are named'
profile
like "$status $errors" '^2 .*OP= says which' 'so is no name'
done_testing
