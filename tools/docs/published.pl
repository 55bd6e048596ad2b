# generated: published BENCH: the figures that others published, or that we counted of others (cost), and the aims of the
# design, of tools/bench/published.json. generated: published counted: with what those were counted.
use strict;
use warnings;
use Page;
use FindBin qw($Bin);
use lib "$Bin/bench";
use Ptprot 'ptprot_wanted';
use Published qw(published figures_text);

my %tables = (
	cost => sub {
		my ($all) = @_;
		my (%seen, @rows);
		for my $operation (grep { !$seen{$_}++ } map({ $_->{operation} } @{ $all->{figures} }), sort keys %{ $all->{aims} }) {
			my ($linux, $others) = figures_text($operation);
			my ($writes) = map { "$_->{cr3_off} / $_->{cr3_on}" } grep { $_->{operation} eq $operation && defined $_->{cr3_on} } @{ $all->{figures} };
			my $aim = $all->{aims}{$operation};
			push @rows, [$operation, $linux, $writes // '', $others, "at most $aim->{instructions}"
				. ($aim->{cr3_loads} ? ", $aim->{cr3_loads} CR3 writes" : '')];
		}
		return table(['operation', 'Linux 6.1, PTI off / on', 'its CR3 writes', 'others', 'aim'], @rows);
	},
	ptprot => sub {
		my ($all) = @_;
		return table(['operation', 'aim'], map { [$_, ptprot_wanted($all->{aims}{$_})] } sort keys %{ $all->{aims} });
	},
	xpfo => sub {
		my ($all) = @_;
		my (%ratio, %seen);
		$ratio{ $_->{variant} }{ $_->{cores} } = $_->{ratio} for @{ $all->{figures} };
		my @variants = grep { !$seen{$_}++ } map({ $_->{variant} } @{ $all->{figures} }), sort keys %{ $all->{aims} };
		return table(['variant', '4 cores', '96 cores', 'aim'], map { my $aim = $all->{aims}{$_};
			[code($_), map({ $_ // "" } @{ $ratio{$_} // {} }{4, 96}),
				$aim ? "at most $aim->{ratio}, $aim->{rounds} rounds a page" : ''] } @variants);
	},
	kaiser => sub {
		my ($all) = @_;
		return table(['variant', 'null calls a second', 'relative to off', 'aim'], map { my $aim = $all->{aims}{ $_->{variant} };
			[code($_->{variant}), sprintf('%.1f M', $_->{calls_per_second} / 1e6),
				sprintf('%.2f', $_->{calls_per_second} / $all->{figures}[0]{calls_per_second}),
				$aim ? "at most $aim->{instructions} instructions, $aim->{cr3_writes} CR3 writes, $aim->{flushes} flushes" : ''] }
			@{ $all->{figures} });
	},
);

sub {
	my (undef, $bench) = @_;
	if (($bench // '') eq 'counted') {
		my @rows = @{ published('cost')->{counted} };
		return table([qw(system version configuration program)], map { [@$_{qw(system version configuration program)}] } @rows);
	}
	my $make = $tables{ $bench // '' } // die "gen-docs: published what? There are: @{[sort keys %tables]}\n";
	my $all = published($bench);
	my $cites = $all->{cites} ? " $all->{cites}" : '';
	return ucfirst("$all->{table} ($all->{unit}). $all->{source}$cites\n\n") . $make->($all);
};
