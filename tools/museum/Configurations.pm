# The columns of the matrix: which machines are booted. Derived from options.def.
package Configurations;
use strict;
use warnings;
use Exporter 'import';
use Options 'options';
our @EXPORT_OK = qw(defences configurations);

# Variants whose flaws another defence at its default hides are shown once more without that one: KAISER without PCIDs
# flushes at every way into the kernel.
my @SHOWN_AGAIN = (['xpfo', 'kaiser', 'off']);

# What an emulator without PCIDs cannot show.
my @IN_BOCHS = (['kaiser', 'pcid']);

# The options that are defences: {name, default, values, help, weakest, strongest}.
sub defences {
	my @defences = map { my $option = $_; +{ map { $_ => $option->{$_} } qw(name default values help weakest strongest) } }
		grep { defined $_->{weakest} } options();
	die "matrix: no defence in kernel/abi/options.def\n" unless @defences;
	return @defences;
}

# Every defence at one end, as words of a command line; what is the default anyway is left out.
sub all_at {
	my ($end, @defences) = @_;
	return join ' ', map { "$_->{name}=$_->{$end}" } grep { $_->{$end} ne $_->{default} } @defences;
}

sub candidates {
	my (@defences) = @_;
	my %by_name = map { $_->{name} => $_ } @defences;
	my @columns = (['defaults', 'all', ''], ['all-on', 'all', all_at('strongest', @defences)],
		['all-off', 'all', all_at('weakest', @defences)]);
	for my $defence (@defences) {
		for my $value (@{ $defence->{values} }) {
			my $word = "$defence->{name}=$value";
			push @columns, [$word, $defence->{name}, $value eq $defence->{default} ? '' : $word];
		}
		for my $again (grep { $_->[0] eq $defence->{name} } @SHOWN_AGAIN) {
			my (undef, $other, $off) = @$again;
			push @columns, map { ["$defence->{name}=$_,$other=$off", "$defence->{name},$other=$off",
				join ' ', $_ eq $defence->{default} ? () : "$defence->{name}=$_", "$other=$off"] } @{ $defence->{values} };
		}
		for my $word (map { "$_->[0]=$_->[1]" } grep { $_->[0] eq $defence->{name} } @IN_BOCHS) {
			push @columns, ["$word,bochs", $defence->{name}, $word, 'bochs'];
		}
	}
	return @columns;
}

# All columns, each {name, group, options, emulator, smp}. Those that are the same machine are one column, the first;
# `also` has the names and groups of the others.
sub configurations {
	my (@columns, %same);
	for my $candidate (candidates(defences())) {
		my ($name, $group, $options, $emulator) = @$candidate;
		$emulator //= 'qemu';
		if (my $first = $same{"$emulator $options"}) {
			push @{ $first->{also} }, { name => $name, group => $group };
			next;
		}
		push @columns, $same{"$emulator $options"} =
			{ name => $name, group => $group, options => $options, emulator => $emulator, smp => 2, also => [] };
	}
	return @columns;
}

1;
