# generated: policy: which frame may be mapped where, from kernel/mm/table/policy.def.
use strict;
use warnings;
use Def qw(rows);
use Page;

my %words = (ABSENT => 'absent', NONE => 'none', REQUIRED_RW => 'RW', REQUIRED_R => 'R', RW_RX => 'RW or RX', KSPACE => 'kernel space',
	ENTRY_AREA => 'entry area', IMAGE => 'image', USER_HALF => 'user half', POOLS => 'pools', MARKS => 'marks');

sub {
	my @rows = map {
		my ($state, $direct, $text) = @$_{qw(state direct text)};
		my @views = map { $_->[0] eq 'NONE' ? 'none' : "$words{$_->[0]}, " . ($words{$_->[1]} // $_->[1]) } [@$_{qw(view rights)}],
			[@$_{qw(second_view second_rights)}];
		[code($state), $text, $words{$direct} // $direct, @views]
	} rows('policy');
	return table(['frame', 'what it holds', 'direct map', 'own view, most rights', 'second view'], @rows);
};
