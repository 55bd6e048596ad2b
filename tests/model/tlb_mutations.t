#!/usr/bin/perl
# Breaks the TLB coherence code in every way of tlb_mutations.txt and expects the random schedules of the simulated
# machine (tests/host/tlb_random.c) to catch each. A pattern that no longer matches is a failure too.
use strict;
use warnings;

use File::Basename qw(dirname basename);
use File::Path qw(make_path);

chdir(dirname($0) . '/../..') or die "tlb_mutations: $!\n";
my $build = $ENV{BUILD} // 'debug';
my $out = 'build/model/mutations';
my $steps = $ENV{STEPS} // 40_000_000;
my @cc = (qw(gcc -std=gnu11 -O2 -fno-strict-aliasing -DBULWARK_HOST_TEST -DBULWARK_DEBUG -Itests/host/fake),
	qw(-Itests/host -Ikernel), "-Ibuild/$build/gen");

sub sources {
	local (@ARGV, $/) = ('tests/host/tlb_random.c');
	return ('tests/host/tlb_random.c', <> =~ m{sources:(.*?)\*/}s && grep { $_ ne '*' } split ' ', $1);
}

# { name, file, edits => [[from, to], ...] }
sub mutations {
	open my $file, '<', 'tests/model/tlb_mutations.txt' or die "tlb_mutations.txt: $!\n";
	my (@all, $last);
	while (my $line = <$file>) {
		if ($line =~ /^== (.*)/) {
			push @all, { name => $1, edits => [] };
			$last = '';
		} elsif (@all && $line =~ /^([-+])(.*\n)/) {
			push @{$all[-1]{edits}}, ['', ''] if $1 eq '-' && $last ne '-';
			$all[-1]{edits}[-1][$1 eq '+'] .= $2;
			$last = $1;
		} elsif (@all && $line =~ /^(\w\S*)$/) {
			$all[-1]{file} = $1;
		}
	}
	return @all;
}

# The mutated text, or undef and why not.
sub mutate {
	my ($mutation) = @_;
	local (@ARGV, $/) = ($mutation->{file});
	my $text = <>;
	for my $edit (@{$mutation->{edits}}) {
		my ($from, $to) = @$edit;
		my $pattern = join '\s+', map { quotemeta } split ' ', $from;
		my $found = () = $text =~ /$pattern/g;
		return (undef, "the pattern matches $found times:\n$from") if $found != 1;
		$text =~ s/$pattern/$to/;
	}
	return $text;
}

sub object { return "$out/" . basename($_[0], '.c') . '.o' }

sub compile {
	my ($source, $object, @more) = @_;
	return system(@cc, @more, '-c', '-o', $object, $source) == 0;
}

# What the mutated program says, and how it ends.
sub run_mutated {
	my ($mutation, $text, @sources) = @_;
	my $source = "$out/mutated_" . basename($mutation->{file});
	open my $file, '>', $source or die "$source: $!\n";
	print $file $text;
	close $file or die "$source: $!\n";
	compile($source, "$out/mutated.o", '-w', '-I' . dirname($mutation->{file})) or return 'it does not compile';
	my @objects = map { $_ eq $mutation->{file} ? "$out/mutated.o" : object($_) } @sources;
	system('gcc', '-o', "$out/mutated", @objects) == 0 or return 'it does not link';
	my $said = `timeout 60 $out/mutated steps $steps 2>&1`;
	return $said =~ /^# (seed \d+: .*?);/m ? (undef, $1) : "it runs without a violation: $said";
}

make_path($out);
my @sources = sources();
my @mutations = mutations();
printf "1..%d\n", @mutations + 1;
my $built = !grep { !compile($_, object($_)) } @sources;
my $sound = $built && system('gcc', '-o', "$out/sound", map { object($_) } @sources) == 0
	&& system("timeout 60 $out/sound steps 200000 > $out/sound.log 2>&1") == 0;
print $sound ? '' : 'not ', "ok 1 - the code as it is passes\n";

my $nr = 1;
for my $mutation (@mutations) {
	my ($text, $problem) = mutate($mutation);
	my $caught;
	($problem, $caught) = run_mutated($mutation, $text, @sources) if defined $text;
	printf "%sok %d - caught: %s\n", $problem ? 'not ' : '', ++$nr, $mutation->{name};
	print map { "#   $_\n" } split /\n/, $problem if $problem;
	print "#   $caught\n" if $caught;
}
