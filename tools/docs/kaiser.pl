# generated: kaiser: KAISER version 4, what became of it, and ours, from docs/kaiser.def.
use strict;
use warnings;
use Def qw(rows);
use Page;

sub {
	my @rows = map { [@$_{qw(property version4 pti ours why sources)}] } rows('kaiser');
	return table(['property', 'version 4 (November 2017)', 'Linux since (PTI)', 'here', 'why', 'sources'], @rows);
};
