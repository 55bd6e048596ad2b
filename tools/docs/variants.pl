# generated: variants OPTION: what each value of an option does (kernel/abi/variants.def), and which attacks beat it with the
# other options at their defaults (user/attacks/attacks.def).
use strict;
use warnings;
use Def;

my @options = rows('kernel/abi/options.def', 'OPTION');
my @attacks = rows('user/attacks/attacks.def', 'ATTACK');

# Does a condition "option=value,value" or "option!=value,value" hold with these options?
sub holds {
	my ($condition, $options) = @_;
	my ($option, $is_not, $values) = $condition =~ /^(\w+)(!?)=(.*)$/ or die "gen-docs: attacks.def: what is $condition?\n";
	my $is_one = grep { $_ eq ($options->{$option} // '') } split /,/, $values;
	return $is_not ? !$is_one : $is_one;
}

sub is_stopped {
	my ($stopped_by, $options) = @_;
	for my $alternative (split ' ', $stopped_by) {
		return 1 unless grep { !holds($_, $options) } split /&/, $alternative;
	}
	return 0;
}

sub attack_links {
	my ($document, @those) = @_;
	return join ', ', map { link_to($document, code($_->[0]), "user/attacks/$_->[0]/README.md") } @those;
}

sub {
	my ($document, $option) = @_;
	my ($row) = grep { $_->[0] eq ($option // '') } @options or die "gen-docs: variants: there is no option $option\n";
	my %text = map { $_->[1] => $_->[2] } grep { $_->[0] eq $option } rows('kernel/abi/variants.def', 'VARIANT');
	my @rows;
	for my $value (split /\|/, $row->[2]) {
		my %in_force = (map({ $_->[0] => $_->[1] } @options), $option => $value);
		my @beaten_by = grep { $_->[2] =~ /\b\Q$option\E!?=/ && !is_stopped($_->[2], \%in_force) } @attacks;
		my $text = delete $text{$value} // die "gen-docs: variants.def does not say what $option=$value does\n";
		push @rows, [code($value) . ($value eq $row->[1] ? ', the default' : ''), $text,
			attack_links($document, @beaten_by) || 'none of these'];
	}
	die "gen-docs: variants.def: $option has no value $_\n" for sort keys %text;
	return table([code($option), 'what it does', 'beaten by'], @rows)
		. "\nNo option stops " . attack_links($document, grep { $_->[2] eq '' } @attacks) . ".\n";
};
