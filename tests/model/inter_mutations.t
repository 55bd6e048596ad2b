#!/usr/bin/perl
# Breaks sleeping, waking, IPC and exit in every way of inter_mutations.txt and expects the schedules of a
# scenario (tests/host/interleavings.c) to notice each. A pattern that no longer matches is a failure too. Every eighth
# mutation, all of them in `make soak`.
# needs: headers
use strict;
use warnings;

use File::Basename qw(dirname basename);
use File::Path qw(make_path);
use FindBin '$Bin';
use lib $Bin, "$Bin/../../tools/lib";
use HostWords 'host_words';
use Mutations qw(mutations mutate);
use Output 'write_file';

chdir "$Bin/../.." or die "inter_mutations: $!\n";
my $out = 'build/model/inter';
my $program = 'tests/host/interleavings.c';
my $seconds = ($ENV{TEST_SECONDS} // 600) / 4;
my $every = $ENV{SOAK} ? 1 : 8;
my $text = do { local (@ARGV, $/) = ($program); <> };
my @words = host_words($text);
my @sources = ($program, grep { /\.c$/ } @words);
my ($flags) = $text =~ m{flags:(.*?)\*/};
my @cc = (qw(gcc -std=gnu11 -g -fno-strict-aliasing -DBULWARK_HOST_TEST -DBULWARK_DEBUG -Itests/host/fake),
	qw(-Itests/host -Ikernel -Ibuild/gen), split ' ', $flags);

sub object { return "$out/" . $_[0] =~ s{/}{_}gr . '.o' }

sub compile {
	my ($source, $object, @more) = @_;
	return system(@cc, @more, '-c', '-o', $object, $source) == 0;
}

sub build {
	my ($to, @objects) = @_;
	return system('gcc', '-o', $to, @objects) == 0;
}

# The objects that a mutated file changes, by source: its own, or those of all who include it. undef: it does not compile.
sub compile_mutated {
	my ($file, $mutated) = @_;
	if ($file =~ /\.c$/) {
		my $source = "$out/mutated_" . basename($file);
		write_file($source, $mutated);
		return unless compile($source, "$out/mutated.o", '-w', '-I' . dirname($file));
		return { $file => "$out/mutated.o" };
	}
	my ($name) = $file =~ m{^kernel/(.*)};
	my %objects;
	write_file("$out/include/$name", $mutated);
	for my $source (grep { my $of = $_; local (@ARGV, $/) = ($of); <> =~ /"\Q$name\E"/ } @sources) {
		$objects{$source} = object("mutated/$source");
		return unless compile($source, $objects{$source}, '-w', '-iquote', "$out/include");
	}
	return \%objects;
}

# The problem, or undef and what was caught.
sub run_mutated {
	my ($mutation, $mutated) = @_;
	my $objects = compile_mutated($mutation->{file}, $mutated) or return 'it does not compile';
	build("$out/mutated", map { $objects->{$_} // object($_) } @sources) or return 'it does not link';
	my $said = `timeout $seconds $out/mutated '$mutation->{scenario}' 2>&1`;
	my ($caught) = $said =~ /^not ok \d+ - (.*)/m;
	my ($why) = $said =~ /^# (\w.*)/m;
	return $caught && $why ? (undef, "$caught: $why") : "no schedule notices: $said";
}

make_path($out);
my @all = mutations('tests/model/inter_mutations.txt');
my @mutations = map { $all[$_] } grep { $_ % $every == 0 } 0 .. $#all;
printf "1..%d\n", @mutations + 2;
my $built = !grep { !compile($_, object($_)) } @sources;
my $is_built = $built && build("$out/sound", map { object($_) } @sources);
my $is_sound = $is_built && system("$out/sound 'sleep, wake' > $out/sound.log 2>&1") == 0;
print $is_sound ? '' : 'not ', "ok 1 - the code as it is passes\n";
exit 1 if !$is_sound;

my @stale = grep { !defined((mutate($_))[0]) } @all;
print @stale ? 'not ' : '', "ok 2 - every pattern matches\n";
print "#   $_->{name}\n" for @stale;

my $nr = 2;
for my $mutation (@mutations) {
	my ($mutated, $problem) = mutate($mutation);
	my $caught;
	($problem, $caught) = run_mutated($mutation, $mutated) if defined $mutated;
	printf "%sok %d - caught: %s\n", $problem ? 'not ' : '', ++$nr, $mutation->{name};
	print map { "#   $_\n" } split /\n/, $problem if $problem;
	print "#   $caught\n" if $caught;
}
