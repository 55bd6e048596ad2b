# generated: map: how the map shows the states of kernel/mm/table/policy.def, from user/shell/map_states.def.
use strict;
use warnings;
use Def qw(rows);
use Page;

sub {
	my %text = map { $_->{state} => $_->{text} } rows('policy');
	my @rows = map { [code($_->{letter}), $_->{name}, code($_->{state}), $text{ $_->{state} }] } rows('map_states');
	return table(['letter', 'name', 'state', 'what it holds'], @rows);
};
