# kind_mutations.pl FOLDER: breaks the kernel in each way of tests/model/kind_mutations.txt, and expects what is named there to
# end in a failed test or a panic. Of each mutation one object is compiled, and the debug kernel is linked and booted: in a soak,
# or with ONLY=NAME. Else each pattern must be in the code. Of a header `through` says in which file it counts.
use strict;
use warnings;
no warnings 'qw';

use FindBin '$Bin';
use lib "$Bin/../model", "$Bin/../../tools/lib";
use Mutations qw(mutations mutate);
use Output 'write_file';

my ($out) = @ARGV;
my $objects = 'build/debug/obj';
my @cc = (qw(gcc -std=gnu11 -ffreestanding -O1 -w -mno-red-zone -mgeneral-regs-only -fpie -fvisibility=hidden -mcmodel=small),
	qw(-fno-omit-frame-pointer -fno-stack-protector -fcf-protection=none -fno-strict-aliasing),
	qw(-fno-asynchronous-unwind-tables -DBULWARK_DEBUG -fsanitize=undefined -Ikernel -Ibuild/gen -c));
my @nasm = qw(nasm -f elf64 -DBULWARK_DEBUG -Iboot/ -Ikernel/ -Ibuild/debug/gen/);
my @ld = qw(ld -pie --no-dynamic-linker -z text -z noexecstack -z max-page-size=4096 --build-id=none -T linker.ld);
my @qemu = (qw(qemu-system-x86_64 -machine pc -nodefaults -no-reboot -m 64M -smp 2 -display none -cpu max -accel tcg -serial stdio),
	qw(-device isa-debug-exit,iobase=0xf4,iosize=4 -initrd build/archive.tar));
# A mutation may make the kernel run forever, which counts: something notices.
my $seconds = ($ENV{TEST_SECONDS} // 600) / 10;

sub run_quiet { return system("@_ > $out/said 2>&1") == 0 }

sub said { local (@ARGV, $/) = ("$out/said"); return scalar <> }

my @all = do { local (@ARGV, $/) = ('build/debug/kernel.list'); split ' ', <> };

# What noticed, or undef: nothing did. Dies where it could not be tried.
sub boot {
	my ($mutation, $object) = @_;
	my $broken = $mutation->{through} // $mutation->{file};
	my @linked = map { $object && $_ eq "$objects/$broken.o" ? $object : $_ } @all;
	run_quiet(@ld, '-o', "$out/kernel", @linked, "$objects/symbols.o") or die 'it does not link: ' . said();
	my $words = ($mutation->{opts} // '') . qq( ktest=on vuln=on "cmd=$mutation->{run} && echo all of it ended well");
	my $output = qx(timeout $seconds @qemu -kernel $out/kernel -append '$words' 2>&1) =~ tr/\r//dr;
	return $1 if $output =~ /^(not ok.*|.*bulwark: panic: .*)/m;
	return $output =~ /^all of it ended well/m ? undef : 'it does not end';
}

# The object with the mutation in it.
sub compiled {
	my ($mutation, $text) = @_;
	my ($folder, $name) = ($mutation->{through} // $mutation->{file}) =~ m{(.*/)(.*)};
	my $source = $mutation->{through} // "$out/mutated_$name";
	my @command = $name =~ /\.c$/ ? ($cc[0], "-I$out/headers", @cc[1 .. $#cc]) : @nasm;
	my $shadow = "$out/headers/" . $mutation->{file} =~ s{^kernel/}{}r;
	write_file($mutation->{through} ? $shadow : $source, $text);
	my $is_compiled = run_quiet(@command, "-I$folder", '-o', "$out/mutated.o", $source);
	unlink $shadow if $mutation->{through};
	die 'it does not compile: ' . said() if !$is_compiled;
	return "$out/mutated.o";
}

my @mutations = mutations('tests/model/kind_mutations.txt');
@mutations = grep { index($_->{name}, $ENV{ONLY}) >= 0 } @mutations if $ENV{ONLY};
if (!$ENV{SOAK} && !$ENV{ONLY}) {
	my @bad = grep { $_ } map { my ($text, $problem) = mutate($_); defined $text ? '' : "$_->{name}: $problem" } @mutations;
	printf "1..1\n%sok 1 - each of %d mutations has its place in the code\n", @bad ? 'not ' : '', scalar @mutations;
	print map { "# $_\n" } @bad;
	exit;
}
# What the mutations are held against, unbroken.
my %runs = map { (($_->{opts} // '') . " $_->{run}" => $_) } @mutations;
printf "1..%d\n", @mutations + keys %runs;
my $nr = 0;
for my $run (sort keys %runs) {
	my $noticed = eval { boot($runs{$run}) } // $@;
	printf "%sok %d - as it is, nothing fails: %s\n", $noticed ? 'not ' : '', ++$nr, $run;
	print $noticed =~ s/^/# /gmr, "\n" if $noticed;
}
for my $mutation (@mutations) {
	my ($text, $problem) = mutate($mutation);
	my $noticed;
	if (defined $text) {
		$noticed = eval {
			boot($mutation, compiled($mutation, $text));
		};
		$problem = $@ || 'nothing fails' if !defined $noticed;
	}
	printf "%sok %d - %s\n", defined $noticed ? '' : 'not ', ++$nr, $mutation->{name};
	print +(defined $noticed ? $noticed : $problem) =~ s/^/# /gmr, "\n";
}
