# generated: options: the boot options of kernel/abi/options.def.
use strict;
use warnings;
use Def;

sub {
	my @rows = map { [code($_->[0]), code(split /\|/, $_->[2]), code($_->[1]), $_->[3]] }
		rows('kernel/abi/options.def', 'OPTION');
	return table([qw(option values default meaning)], @rows);
};
