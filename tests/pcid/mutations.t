#!/usr/bin/perl
# The kernel of BUILD=pcid, broken in every way of mutations.txt, under the replay: it must find each. Of each one object is
# compiled, and the kernel linked anew. One of those marked quick in each run, in turn (TEST_SEED), and all in a soak.
# needs: replay
use strict;
use warnings;

use File::Basename 'dirname';
use File::Temp 'tempdir';
use FindBin '$Bin';
use lib $Bin, "$Bin/../model";
use Mutations qw(mutations mutate);
use Replay qw(replay test_archive);

chdir "$Bin/../.." or die "mutations: $!\n";
my $out = tempdir(CLEANUP => 1);
my $objects = 'build/pcid/obj';
my @cc = (qw(gcc -std=gnu11 -ffreestanding -O2 -g -w -mno-red-zone -mgeneral-regs-only -fpie -fvisibility=hidden),
	qw(-mcmodel=small -fno-omit-frame-pointer -fno-stack-protector -fcf-protection=none -fno-strict-aliasing),
	qw(-fno-asynchronous-unwind-tables -DBULWARK_PCID -Ikernel -Ibuild/gen -c));
my @ld = qw(ld -pie --no-dynamic-linker -z text -z noexecstack -z max-page-size=4096 --build-id=none -T linker.ld);
# Two processors do not meet in every run.
use constant TRIES => 3;

sub quiet { return system("@_ > $out/said 2>&1") == 0 }

# What the replay finds in a kernel that is mutated so, or why there is none.
sub run_mutated {
	my ($mutation, $text) = @_;
	$mutation->{opts} //= '';
	my $object = "$objects/$mutation->{file}.o";
	open my $file, '>', "$out/mutated.c" or die "$out: $!\n";
	print $file $text;
	close $file or die "$out: $!\n";
	quiet(@cc, '-I' . dirname($mutation->{file}), '-o', "$out/mutated.o", "$out/mutated.c") or return 'it does not compile';
	my @others = grep { $_ ne $object } map { chomp; $_ } qx(find $objects -name '*.o' ! -name symbols.pass1.o);
	quiet(@ld, '-o', "$out/kernel", 'build/gen/font.o', "$out/mutated.o", @others) or return 'it does not link';
	my $faults = [];
	for (my $try = 0; $try < TRIES && !@$faults; $try++) {
		(undef, undef, $faults) = replay("$out/kernel", $out, $mutation->{run}, SMP => 2, TIMEOUT => 60, ARCHIVE => test_archive(),
			OPTS => "vuln=off $mutation->{opts}");
	}
	return @$faults ? @$faults : 'the replay finds nothing';
}

my @mutations = grep { $ENV{SOAK} || $_->{quick} } mutations("$Bin/mutations.txt");
my $seed = $ENV{TEST_SEED} // int rand 1000;
@mutations = $mutations[$seed % @mutations] unless $ENV{SOAK};
print "# one of those marked quick: TEST_SEED=$seed\n" unless $ENV{SOAK};
printf "1..%d\n", scalar @mutations;
my $nr = 0;
for my $mutation (@mutations) {
	my ($text, $problem) = mutate($mutation);
	my @found = defined $text ? run_mutated($mutation, $text) : $problem;
	printf "%sok %d - found: %s\n", (grep { /$mutation->{says}/ } @found) ? '' : 'not ', ++$nr, $mutation->{name};
	print "#   $_\n" for @found[0 .. ($#found < 2 ? $#found : 2)];
}
