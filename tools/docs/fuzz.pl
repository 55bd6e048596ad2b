# generated: fuzz calls|means|plants: system calls by how the fuzzer makes them, what else its sequences are made of, and the faults
# that it must find, from tests/fuzz/.
use strict;
use warnings;
use Page;

my %HOW = (ANY => 'by anybody', ROOT => 'by root; anybody else must be refused', TIMED => 'and must come back: its times are short',
	FAULTS => 'and may end in a fault of the kernel that ends its process', LEFT_OUT => 'never');

sub arguments {
	my ($path) = @_;
	return map { /^ARGS\((\w+), (\w+)(?:, )?([\w, ]*)\)/ ? [$1, $2, $3] : () } split /\n/, read_file($path);
}

sub calls {
	my %of;
	push @{ $of{ $_->[1] } }, $_->[0] for arguments('tests/fuzz/guest/fuzz/types.inc');
	return table([qw(made calls)], map { [$HOW{$_}, code(@{ $of{$_} })] } qw(ANY TIMED ROOT FAULTS LEFT_OUT));
}

sub plants {
	my @rows = map { [split / \| /, $_, 4] } grep { !/^#/ && length } split /\n/, read_file('tests/fuzz/plants');
	return table(['fault', 'planted in', 'what the fuzzer says has one of'], map { [$_->[0], code($_->[1]), code(split /\|/, $_->[3])] } @rows);
}

sub {
	my ($document, $what) = @_;
	return $what eq 'calls' ? calls() : $what eq 'plants' ? plants()
		: table([qw(piece given)], map { [code($_->[0]), lc $_->[2]] } arguments('tests/fuzz/guest/fuzz/types_extra.inc'));
};
