# generated: variants OPTION: what each value of an option does (kernel/abi/variants.def), and which attacks beat it with the
# other options at their defaults (user/attacks/attacks.def). Where values are designs of their own, a table of what each
# does comes behind, and one of where it was published. OPTION WORD=VALUE...: with these words in place of the defaults.
use strict;
use warnings;
use Def qw(rows);
use Options qw(options option_named);
use Page;

my @options = options();
my @attacks = rows('attacks');

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
	return join ', ', map { link_to($document, code($_->{name}), "user/attacks/$_->{name}/README.md") } @those;
}

# What a design does, and where it was published.
sub design_tables {
	my ($option, @designs) = @_;
	my @published = grep { defined $_->{message_id} } @designs;
	return '' unless @designs;
	return "\n" . table([code($option), 'what unmaps, and when', 'who is flushed, and when', 'when it is free again'],
			map { [code($_->{value}), @$_{qw(unmapped flushed at_free)}] } @designs)
		. "\n" . table([code($option), 'author', 'date', 'patch', 'Message-ID', 'published figures'],
			map { [code($_->{value}), @$_{qw(author date patch)}, code($_->{message_id}), $_->{figures}] } @published);
}

sub {
	my ($document, $option, @words) = @_;
	my $row = option_named($option // '');
	my @all = grep { $_->{option} eq $option } rows('variants');
	my %text = map { $_->{value} => $_->{text} } @all;
	my @rows;
	for my $value (@{ $row->{values} }) {
		my %in_force = (map({ $_->{name} => $_->{default} } @options), map({ split /=/ } @words), $option => $value);
		my @beaten_by = grep { $_->{stopped_by} =~ /\b\Q$option\E!?=/ && !is_stopped($_->{stopped_by}, \%in_force) } @attacks;
		my $text = delete $text{$value} // die "gen-docs: variants.def does not say what $option=$value does\n";
		push @rows, [code($value) . ($value eq $row->{default} ? ', the default' : ''), $text,
			attack_links($document, @beaten_by) || 'none of these'];
	}
	die "gen-docs: variants.def: $option has no value $_\n" for sort keys %text;
	return table([code($option), 'what it does', 'beaten by'], @rows)
		. "\nNo option stops " . attack_links($document, grep { $_->{stopped_by} eq '' } @attacks) . ".\n"
		. design_tables($option, grep { defined $_->{unmapped} } @all);
};
