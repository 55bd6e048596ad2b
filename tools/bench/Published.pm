# The figures that others published, those that we counted of other systems, and what Bulwark's design aims at:
# tools/bench/published.json.
package Published;
use strict;
use warnings;
use File::Basename 'dirname';
use Exporter 'import';
use Json 'json_file';
our @EXPORT_OK = qw(published figures_text);

my $all = json_file(dirname(__FILE__) . '/published.json');

# One benchmark's table: {table, unit, source, figures, aims, ...}.
sub published {
	my ($bench) = @_;
	return $all->{$bench} // die "published.json has no $bench\n";
}

# One figure of the table of costs, as "pipe 12753 / 12782".
sub figure_text {
	my ($figure) = @_;
	my @words = $figure->{as} // ();
	push @words, join ' / ', grep { defined } @$figure{qw(off on)};
	return join ' ', @words;
}

# What the table of costs says of an operation: of Linux, and of all others with their names.
sub figures_text {
	my ($operation) = @_;
	my @figures = grep { $_->{operation} eq $operation } @{ $all->{cost}{figures} };
	my $linux = join '; ', map { figure_text($_) } grep { $_->{system} =~ /^Linux/ } @figures;
	my $others = join '; ', map { "$_->{system} " . figure_text($_) } grep { $_->{system} !~ /^Linux/ } @figures;
	return ($linux, $others);
}

1;
