# generated: stops: calls during which nobody else comes in, and why, from kernel/task/sched/budgets.def.
use strict;
use warnings;
use Def qw(rows);
use Page;

sub {
	my @rows = map { [code($_->{name}), $_->{what_grows}] } grep { $_->{how} eq 'STOPS' } rows('budgets');
	return table(['call', 'what it looks at or changes at one moment'], @rows);
};
