# generated: map: how the map shows the states of kernel/mm/policy.def, from user/shell/map_states.def.
use strict;
use warnings;
use Def;

sub {
	my %text = map { $_->[0] => $_->[4] } rows('kernel/mm/policy.def', 'POLICY');
	my @rows = map { [code($_->[1] =~ s/'//gr), $_->[4], code($_->[0]), $text{$_->[0]}] }
		rows('user/shell/map_states.def', 'MAP_STATE');
	return table(['letter', 'name', 'state', 'what it holds'], @rows);
};
