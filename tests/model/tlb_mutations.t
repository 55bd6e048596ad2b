#!/usr/bin/perl
# Breaks the TLB coherence code in every way of tlb_mutations.txt and expects the simulated machine
# to catch each: under random schedules (tests/host/tlb_random.c), or in every schedule of a scenario
# (tests/host/tlb_exhaustive.c); or the machine of the memory tests, in the host test that is named. A pattern that no longer
# matches is a failure too. All of them run in a soak, otherwise one in twelve, in turn (TEST_SEED).
# needs: headers
use strict;
use warnings;

use File::Basename qw(dirname basename);
use File::Path qw(make_path remove_tree);
use FindBin '$Bin';
use lib $Bin, "$Bin/../../tools/lib";
use HostWords 'host_words';
use Mutations qw(mutations mutate);
use Output 'write_file';

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
	return ($program, grep { /\.c$/ } host_words(scalar <>));
}

sub object { return "$out/" . $_[0] =~ s{/}{_}gr . '.o' }

# What tests/host/mm/machine.c is linked with.
my @wrap = '-Wl,--wrap=frame_transition,--wrap=frame_check_hands';

sub compile {
	my ($source, $object, @more) = @_;
	return system(@cc, @more, '-c', '-o', $object, $source) == 0;
}

sub build {
	my ($program, @objects) = @_;
	return system('gcc', '-o', $program, @objects, (grep { /_mm_machine/ } @objects) ? @wrap : ()) == 0;
}

sub program_of {
	my ($mutation) = @_;
	return "tests/host/$mutation->{host}.c" if $mutation->{host};
	return 'tests/host/tlb_' . ($mutation->{exhaustive} ? 'exhaustive.c' : 'random.c');
}

# The objects that change, by source: the file's own, or of a header those of all sources. undef: one does not compile.
sub compile_mutated {
	my ($mutation, $text) = @_;
	my ($file, %objects) = $mutation->{file};
	if ($file =~ /\.c$/) {
		my $source = "$out/mutated_" . basename($file);
		write_file($source, $text);
		return unless compile($source, "$out/mutated.o", '-w', '-I' . dirname($file));
		return { $file => "$out/mutated.o" };
	}
	write_file("$out/include/" . $file =~ s{^kernel/}{}r, $text);
	for my $source (sources(program_of($mutation))) {
		$objects{$source} = "$out/mutated_" . basename(object($source));
		return unless compile($source, $objects{$source}, '-w', '-iquote', "$out/include");
	}
	remove_tree("$out/include");
	return \%objects;
}

# The problem, or undef and what was caught.
sub run_mutated {
	my ($mutation, $text) = @_;
	my $scenario = $mutation->{exhaustive};
	my $objects = compile_mutated($mutation, $text) or return 'it does not compile';
	build("$out/mutated", map { $objects->{$_} // object($_) } sources(program_of($mutation))) or return 'it does not link';
	my $arguments = $mutation->{host} ? '' : $scenario ? "'" . $scenario =~ s/'/'\\''/gr . "'" : 'steps ' . ($mutation->{steps} // $steps);
	my $said = `timeout $seconds $out/mutated $arguments 2>&1`;
	return $said =~ /^# (seed \d+: .*?);/m || $said =~ /^# (kaiser.*)/m
			|| $mutation->{host} && $said =~ /^(?:#   )?((?:violation|panic|assertion).*)/m ? (undef, $1)
		: "it runs without a violation: $said";
}

make_path($out);
my $seed = $ENV{TEST_SEED} // int rand 12;
print "# one in 12: TEST_SEED=$seed\n" unless $ENV{SOAK};
my @mutations = mutations('tests/model/tlb_mutations.txt');
my @programs = map { "tests/host/$_.c" } qw(tlb_random tlb_exhaustive), map { $_->{host} // () } @mutations;
my %sources = map { $_ => 1 } map { sources($_) } @programs;
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
	my $is_run = $ENV{SOAK} || ($nr + $seed) % 12 == 0;
	($problem, $caught) = run_mutated($mutation, $text) if defined $text && $is_run;
	printf "%sok %d - %s: %s\n", $problem ? 'not ' : '', ++$nr, $is_run ? 'caught' : 'can be made', $mutation->{name};
	print map { "#   $_\n" } split /\n/, $problem if $problem;
	print "#   $caught\n" if $caught;
}
