# generated: linux: where calls answer otherwise than Linux's, from docs/linux.def.
use strict;
use warnings;
use Def qw(rows);
use Page;

sub {
	my @rows = map { [code($_->{call}), @$_{qw(what linux ours why)}] } rows('linux');
	return table(['call', 'case', 'Linux', 'here', 'why'], @rows);
};
