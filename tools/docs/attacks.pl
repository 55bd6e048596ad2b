# generated: attacks: the attacks of user/attacks/attacks.def and what stops each.
use strict;
use warnings;
use Def qw(rows);
use Page;

sub {
	my ($document) = @_;
	my @rows = map {
		my ($name, $brief, $stopped_by) = @$_{qw(name brief stopped_by)};
		my @ways = map { join ' and ', map { code($_) } split /&/ } split ' ', $stopped_by;
		[link_to($document, code($name), "user/attacks/$name/README.md"), $brief, join(' or ', @ways) || 'nothing']
	} rows('attacks');
	return table(['attack', 'what it does', 'stopped by'], @rows);
};
