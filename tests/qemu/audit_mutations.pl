# audit_mutations.pl FOLDER: breaks the audit in every way of tests/model/audit_mutations.txt and expects the suite that is
# named there to fail. The kernel without what is mutated is linked once; of each mutation one object is compiled and one
# suite is linked and run.
use strict;
use warnings;

use FindBin '$Bin';
use lib "$Bin/../model";
use Mutations qw(mutations mutate);

my ($out) = @ARGV;
my $objects = 'build/release/obj';
my @cc = (qw(gcc -std=gnu11 -ffreestanding -O1 -w -mno-red-zone -mgeneral-regs-only -fpie -fvisibility=hidden -mcmodel=small),
	qw(-fno-omit-frame-pointer -fno-stack-protector -fcf-protection=none -fno-strict-aliasing),
	qw(-fno-asynchronous-unwind-tables -Ikernel -Ikernel/mm -Ibuild/gen -c));
my @ld = qw(ld -pie --no-dynamic-linker -z text -z noexecstack -z max-page-size=4096 --build-id=none -T linker.ld);
# Without tools/run, which takes as long as the guest.
my @qemu = (qw(qemu-system-x86_64 -machine pc -nodefaults -no-reboot -m 24M -display none -cpu max -accel tcg -serial stdio),
	qw(-device isa-debug-exit,iobase=0xf4,iosize=4 -initrd build/archive.tar));
# What a suite needs beside ktest=on.
my %options = (audit_direct => 'directmap=2m ', frame_numbers => 'ptprot=pks ');
# A mutation may make the audit run forever.
my $seconds = ($ENV{TEST_SECONDS} // 600) / 20;
my @suites = qw(audit audit_bits audit_cpu audit_direct audit_entry audit_free audit_pools audit_processes audit_protected audit_user frame_numbers);

sub run_quiet { return system("@_ > $out/said 2>&1") == 0 }

sub said { local (@ARGV, $/) = ("$out/said"); return scalar <> }

# "ok" or "not ok" of the suite of a kernel that is linked with these objects; what went wrong where it is neither.
sub boot {
	my ($suite, @objects) = @_;
	run_quiet(@ld, '-o', "$out/kernel", "$out/base.o", @objects, "$objects/tests/kernel/$suite.c.o")
		or return 'it does not link: ' . said();
	my $words = ($options{$suite} // '') . 'ktest=on "cmd=selftest kernel"';
	my $output = qx(timeout $seconds @qemu -kernel $out/kernel -append '$words' 2>&1) =~ tr/\r//dr;
	return $output =~ /^not ok/m ? 'not ok' : $output =~ /^1\.\./m ? 'ok' : "it does not run: $output";
}

# One in 16 in turn (TEST_SEED), and all of them in a soak; the suites that tell of these.
my @mutations = mutations('tests/model/audit_mutations.txt');
my @unplaced = grep { !defined((mutate($_))[0]) } @mutations;
my $seed = $ENV{TEST_SEED} // int rand 16;
unless ($ENV{SOAK}) {
	@mutations = @mutations[grep { ($_ + $seed) % 16 == 0 } 0 .. $#mutations];
	my %is_told_by = map { $_->{suite} => 1 } @mutations;
	@suites = grep { $is_told_by{$_} } @suites;
	print "# one in 16: TEST_SEED=$seed\n";
}
my %is_mutated = map { ("$objects/$_->{file}.o" => 1) } @mutations;
my @all = map { chomp; $_ } qx(find $objects -name '*.o');
# pass 1: no symbols, as nothing prints them here; ktest.c and audit_plant.c alone of the suites
my @base = grep { !$is_mutated{$_} && !m{/tests/kernel/|/symbols\.o$} } @all;
my @suites_base = map { "$objects/tests/kernel/$_.c.o" } qw(ktest audit_plant);

printf "1..%d\n", 1 + @mutations + @suites;
my $nr = 1;
printf "%sok 1 - each mutation has its place in the code\n", @unplaced ? 'not ' : '';
print map { "# $_->{name}\n" } @unplaced;
my $has_base = run_quiet('ld -r -o', "$out/base.o", 'build/gen/font.o', @base, @suites_base);
for my $suite (@suites) {
	my $result = $has_base ? boot($suite, sort keys %is_mutated) : said();
	printf "%sok %d - the audit as it is passes: %s\n", $result eq 'ok' ? '' : 'not ', ++$nr, $suite;
	print $result =~ s/^/# /gmr, "\n" if $result ne 'ok';
}
for my $mutation (@mutations) {
	my ($text, $problem) = mutate($mutation);
	my $object = "$objects/$mutation->{file}.o";
	if (defined $text) {
		open my $file, '>', "$out/mutated.c" or die "$out: $!\n";
		print $file $text;
		close $file or die "$out: $!\n";
		$problem = run_quiet(@cc, '-o', "$out/mutated.o", "$out/mutated.c")
			? boot($mutation->{suite}, "$out/mutated.o", grep { $_ ne $object } sort keys %is_mutated)
			: 'it does not compile: ' . said();
	}
	printf "%sok %d - %s\n", $problem eq 'not ok' ? '' : 'not ', ++$nr, $mutation->{name};
	print $problem =~ s/^/# /gmr, "\n" if $problem ne 'not ok';
}
