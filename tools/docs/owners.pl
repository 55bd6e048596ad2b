# generated: owners: the owners of frames, from kernel/mm/frame/frame.h, with the states of policy.def that each can be in.
use strict;
use warnings;
use Def qw(rows);
use Page;

# A state belongs to the owner that it begins with; these do not. The image is no frame of the allocator's.
my %owner_of = (IMAGE => 'RESERVED', ENTRY_TEXT => 'RESERVED', PLAIN => 'POOL', ROALIAS => 'POOL', MARKS => 'KERNEL');

sub {
	my ($enum) = read_file('kernel/mm/frame/frame.h') =~ /^enum owner \{(.*?)^\};/ms or die "gen-docs: frame.h has no enum owner\n";
	my %states;
	for my $state (map { $_->{state} } rows('policy')) {
		my ($owner) = map { $owner_of{$_} } grep { $state =~ /^$_/ } sort keys %owner_of;
		push @{ $states{ $owner // $state =~ s/_.*//r } }, $state;
	}
	my @rows;
	while ($enum =~ m{\bOWNER_(\w+),\s*/\*\s*(.*?)\s*\*/}gs) {
		my ($owner, $text) = ($1, $2);
		my $its = delete $states{$owner} // die "gen-docs: no state of policy.def is one of $owner\n";
		push @rows, [code($owner), $text =~ s/\s+/ /gr, code(@$its)];
	}
	die "gen-docs: policy.def: whose state is @{[sort keys %states]}?\n" if %states;
	return table([qw(owner what states)], @rows);
};
