# generated: policy: which frame may be mapped where, from kernel/mm/policy.def.
use strict;
use warnings;
use Def qw(rows);
use Page;

my %words = (ABSENT => 'absent', NONE => 'none', REQUIRED_RW => 'RW', KSPACE => 'kernel space',
	ENTRY_AREA => 'entry area', IMAGE => 'image', USER_HALF => 'user half', POOLS => 'pools');

sub {
	my @rows = map {
		my ($state, $direct, $view, $rights, $text) = @$_{qw(state direct view rights text)};
		[code($state), $text, $words{$direct} // $direct, $view eq 'NONE' ? 'none' : "$words{$view}, $rights"]
	} rows('policy');
	return table(['frame', 'what it holds', 'direct map', 'own view, most rights'], @rows);
};
