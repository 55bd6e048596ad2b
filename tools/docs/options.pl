# generated: options: the boot options of kernel/abi/options.def.
use strict;
use warnings;
use Options qw(options);
use Page;

sub {
	my @rows = map { [code($_->{name}), code(@{ $_->{values} }), code($_->{default}), $_->{help}] } options();
	return table([qw(option values default meaning)], @rows);
};
