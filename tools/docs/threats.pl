# generated: threats: what an attacker can do and what is claimed against it, from docs/threats.def.
use strict;
use warnings;
use Def qw(rows);
use Page;

sub {
	my ($document) = @_;
	my %is_attack = map { $_->{name} => 1 } rows('attacks');
	return table(['the attacker', 'the claim', 'under', 'evidence'], map {
		my $options = $_->{options};
		my @links = map { link_to($document, "`$_`", $is_attack{$_} ? "user/attacks/$_/README.md" : $_) } split ' ', $_->{evidence};
		[$_->{power}, $_->{claim}, $options =~ /[=]/ ? join(', ', map { "`$_`" } split ' ', $options) : $options || 'none', join ', ', @links]
	} rows('threats'));
};
