# generated: attacks: the attacks of user/attacks/attacks.def and what stops each.
use strict;
use warnings;
use Def;

sub {
	my ($document) = @_;
	my @rows = map {
		my ($name, $brief, $stopped_by) = @$_;
		my @ways = map { join ' and ', map { code($_) } split /&/ } split ' ', $stopped_by;
		[link_to($document, code($name), "user/attacks/$name/README.md"), $brief, join(' or ', @ways) || 'nothing']
	} rows('user/attacks/attacks.def', 'ATTACK');
	return table(['attack', 'what it does', 'stopped by'], @rows);
};
