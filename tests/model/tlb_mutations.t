#!/usr/bin/perl
# Breaks the TLB coherence code in every way of tlb_mutations.txt and expects the simulated machine
# to catch each: under random schedules (tests/host/tlb_random.c), or in every schedule of a scenario
# (tests/host/tlb_exhaustive.c). A pattern that no longer matches is a failure too.
# needs: headers
use strict;
use warnings;

use File::Basename qw(dirname basename);
use File::Path qw(make_path);
use FindBin '$Bin';
use lib $Bin;
use Mutations qw(mutations mutate);

chdir "$Bin/../.." or die "tlb_mutations: $!\n";
my $out = 'build/model/mutations';
my $steps = 40_000_000;
# A mutation may make the code run forever: that is no catch, and the test goes on.
my $seconds = ($ENV{TEST_SECONDS} // 600) / 4;
my @cc = (qw(gcc -std=gnu11 -O2 -fno-strict-aliasing -DBULWARK_HOST_TEST -DBULWARK_DEBUG -Itests/host/fake),
	qw(-Itests/host -Ikernel -Ibuild/gen));

sub sources {
	my ($program) = @_;
	local (@ARGV, $/) = ($program);
	return ($program, <> =~ m{sources:(.*?)\*/}s && grep { $_ ne '*' } split ' ', $1);
}

sub object { return "$out/" . basename($_[0], '.c') . '.o' }

sub compile {
	my ($source, $object, @more) = @_;
	return system(@cc, @more, '-c', '-o', $object, $source) == 0;
}

sub build {
	my ($program, @objects) = @_;
	return system('gcc', '-o', $program, @objects) == 0;
}

# The problem, or undef and what was caught.
sub run_mutated {
	my ($mutation, $text) = @_;
	my $scenario = $mutation->{exhaustive};
	my $source = "$out/mutated_" . basename($mutation->{file});
	open my $file, '>', $source or die "$source: $!\n";
	print $file $text;
	close $file or die "$source: $!\n";
	compile($source, "$out/mutated.o", '-w', '-I' . dirname($mutation->{file}))
		or return 'it does not compile';
	my @objects = map { $_ eq $mutation->{file} ? "$out/mutated.o" : object($_) }
		sources("tests/host/tlb_" . ($scenario ? 'exhaustive.c' : 'random.c'));
	build("$out/mutated", @objects) or return 'it does not link';
	my $arguments = $scenario ? "'" . $scenario =~ s/'/'\\''/gr . "'" : "steps $steps";
	my $said = `timeout $seconds $out/mutated $arguments 2>&1`;
	return $said =~ /^# (seed \d+: .*?);/m || $said =~ /^# (kaiser.*)/m ? (undef, $1)
		: "it runs without a violation: $said";
}

make_path($out);
my @programs = map { "tests/host/tlb_$_.c" } qw(random exhaustive);
my %sources = map { $_ => 1 } map { sources($_) } @programs;
my @mutations = mutations('tests/model/tlb_mutations.txt');
printf "1..%d\n", @mutations + 2;
my $built = !grep { !compile($_, object($_)) } keys %sources;
my $sound = $built && build("$out/sound", map { object($_) } sources($programs[0]))
	&& system("timeout $seconds $out/sound steps 200000 > $out/sound.log 2>&1") == 0;
print $sound ? '' : 'not ', "ok 1 - the code as it is passes\n";

my $nr = 2;
my $page = do { local (@ARGV, $/) = ('docs/tlb.md'); <> };
my @unexplained = grep { index($page, "| $_->{name} |") < 0 } @mutations;
print @unexplained ? 'not ' : '', "ok 2 - docs/tlb.md says of each what goes wrong\n";
print "#   not in the page: $_->{name}\n" for @unexplained;

for my $mutation (@mutations) {
	my ($text, $problem) = mutate($mutation);
	my $caught;
	($problem, $caught) = run_mutated($mutation, $text) if defined $text;
	printf "%sok %d - caught: %s\n", $problem ? 'not ' : '', ++$nr, $mutation->{name};
	print map { "#   $_\n" } split /\n/, $problem if $problem;
	print "#   $caught\n" if $caught;
}
