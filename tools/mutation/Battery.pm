# The tests that a mutant is run against: which could see it, ordered by what they cost; each was seen to pass without a fault.
package Battery;
use strict;
use warnings;
use Exporter 'import';
use File::Basename 'basename';
use JSON::PP ();
use Objects qw(object_make kernel_link host_tests_of host_link);
use Runner 'run_watched';
our @EXPORT_OK = qw(battery_of everything_of step_run battery_start);

# Kernels are booted as tools/run would, in less time.
my @QEMU = split ' ', 'qemu-system-x86_64 -machine pc -nodefaults -no-reboot -m 64M -display none -cpu max'
	. ' -accel tcg,thread=multi -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=4';
my $FAILURE = qr/^not ok|bulwark: panic|: assertion|NOT AS EXPECTED|^violation\b/;
# { name, options, command, smp, cost: processor seconds until one was measured }
my @BOOTS = (
	{ name => 'boot', options => '', command => 'true', smp => 1, cost => 0.3 },
	{ name => 'suites, kaiser=off, 4 processors', options => 'ktest=on vuln=on kaiser=off', command => 'selftest kernel', smp => 4,
		cost => 2 },
	{ name => 'suites', options => 'ktest=on vuln=on', command => 'selftest kernel', smp => 1, cost => 1.9 },
	{ name => 'attacks', options => 'vuln=on', command => 'attack all && audit', smp => 2, cost => 3 },
	{ name => 'attacks, xpfo=sync directmap=2m', options => 'vuln=on xpfo=sync directmap=2m kaiser=nopcid', command => 'attack all && audit',
		smp => 2, cost => 3 },
	{ name => 'stress, kaiser=off, 4 processors', options => 'vuln=on kaiser=off', command => 'stress 2', smp => 4, cost => 6 },
	{ name => 'self-tests, kaiser=off, 4 processors', options => 'ktest=on vuln=on kaiser=off', command => 'selftest && audit', smp => 4,
		cost => 16 },
	{ name => 'self-tests', options => 'ktest=on vuln=on', command => 'selftest && audit', smp => 2, cost => 13 },
	{ name => 'self-tests, directmap=2m', options => 'ktest=on vuln=on directmap=2m',
		command => 'selftest memory && selftest pressure && selftest share && selftest enomem && audit', smp => 2, cost => 7 },
);
# Programs of user/selftest for a file of this name, beside those whose name has a word of its own.
my @PROGRAMS = (
	[qr/^(?:as|region|ptable|layout)/ => qw(memory cow share)], [qr/^frame|buddy|slab|quarantine/ => qw(pressure share enomem)],
	[qr/clone|fork|process|wait|start/ => qw(process cow)], [qr/signal|fault|trap|extable|explain/ => qw(fault explain thread)],
	[qr/exec|elf|archive/ => qw(exec elf)], [qr/thread|switch|clone/ => qw(thread thread_end)],
	[qr/time|alarm|clock|apic|rtc/ => qw(time)], [qr/sched|run_queue|run_time|idle|irq/ => qw(sched)],
	[qr/ipc|endpoint/ => qw(ipc ipc_refused)], [qr/^entry|^syscall|^switch|^trap/ => qw(entry_registers entry_flags entry_stack entry_gates)],
	[qr/fpu/ => qw(fpu)], [qr/policy|credential|active_syscall_table/ => qw(policy identity)], [qr/usercopy|uaccess|sys_/ => qw(pointer)],
	[qr/usage|sys_misc|group/ => qw(limit process)], [qr/kaiser|xpfo|mitigate/ => qw(mitigate residue)]);
# Tests of tests/qemu for a file of this path, which no boot stands for.
my @TESTS = (
	[qr{arch/.*(?:entry|trap|paranoid|syscall|iret)} => 'debug/nmi', 9], [qr{reboot|restart|rendezvous|^boot/} => 'release/reboot', 20],
	[qr{fault|explain|report} => 'debug/faults', 9], [qr{budget|poll|call_pieces} => 'debug/budget', 25],
	[qr{mm/|task/} => 'debug/linux', 3]);
use constant { PROGRAM_COST => 0.8, HOST_COST => 1, LIMIT_FACTOR => 4, LIMIT_MORE => 3, SECONDS_FACTOR => 12, SECONDS_MORE => 30,
	SECONDS_PER_TEST => 900, SECONDS_PER_BOOT => 60, PROGRAMS_MAX => 4, MEASURES_MAX => 2 };

my (%measured, $archive, $out, $measured_path);

# Measured costs live beside the kernels that they were measured with.
sub battery_start {
	($out, $archive) = @_;
	$measured_path = "$out/measured.json";
	my $newest = (sort { $b <=> $a } map { (stat)[9] // 0 } 'build/debug/bulwark.elf', $archive)[0];
	return unless -e $measured_path && (stat _)[9] > $newest;
	local (@ARGV, $/) = ($measured_path);
	%measured = %{ JSON::PP->new->decode(scalar <>) };
}

sub programs_of {
	my ($file) = @_;
	my $name = basename($file) =~ s/\.\w+$//r;
	my %words = map { $_ => 1 } split /_/, $name;
	my @all = map { m{t_(\w+)\.c$} ? $1 : () } sort glob 'user/selftest/t_*.c';
	my %wanted = map { $_ => 1 } map { my ($pattern, @programs) = @$_; $name =~ $pattern ? @programs : () } @PROGRAMS;
	my @own = grep { my $program = $_; grep { $words{$_} } split /_/, $program } @all;
	my @found = (@own, grep { my $program = $_; $wanted{$program} && !grep { $_ eq $program } @own } @all);
	return @found > PROGRAMS_MAX ? @found[0 .. PROGRAMS_MAX - 1] : @found;
}

# A test's processes are not its own: its time is what it costs.
sub cost {
	my ($step) = @_;
	return ($measured{ $step->{name} } // {})->{ is_group($step) ? 'seconds' : 'ran' } // $step->{cost};
}

sub battery_of {
	my ($file) = @_;
	my @steps = map { { %$_, kind => 'boot' } } @BOOTS;
	push @steps, map { { kind => 'boot', name => "selftest $_", options => 'ktest=on vuln=on', command => "selftest $_", smp => 2,
		cost => PROGRAM_COST } } programs_of($file);
	push @steps, { kind => 'iso', name => 'boot from the ISO', cost => 2 } if $file =~ m{^boot/};
	push @steps, map { my ($pattern, $name, $cost) = @$_; my ($build, $test) = split '/', $name;
		$file =~ $pattern ? { kind => 'test', name => $name, test => $test, build => $build, cost => $cost } : () } @TESTS;
	push @steps, map { { kind => 'host', name => "host/$_", host => $_, cost => HOST_COST } } host_tests_of($file);
	return sort { cost($a) <=> cost($b) || $a->{name} cmp $b->{name} } @steps;
}

sub text_of {
	local (@ARGV, $/) = @_;
	return scalar <>;
}

# Every test of tests/qemu/ that boots the kernel that it is given, and builds nothing, in both builds.
sub everything_of {
	my @names;
	for my $path (sort glob 'tests/qemu/*.t') {
		my $text = text_of($path);
		push @names, basename($path, '.t') if $text =~ /^# needs: (?:direct|test-programs)$/m
			&& ($text =~ s/\bmake \S+ \S+ print-archive//gr) !~ m{build/\$BUILD|\bmake |audit_mutations};
	}
	my @lengths = map { /^(\S+)\s+(\d+)/ ? ($1 => $2) : () } split /\n/, text_of('tests/lengths');
	my %length = @lengths;
	return sort { $a->{cost} <=> $b->{cost} || $a->{name} cmp $b->{name} }
		map { my $build = $_; map { { kind => 'test', name => "$build/$_", test => $_, build => $build, cost => $length{"$build/$_"} // 1 } } @names }
		qw(debug release);
}

# { name => { environment, command } } of a step; with a mutant what it needs is made, else it is what make left. undef: it cannot be made.
sub kernel_of {
	my ($mutant, $build, $log) = @_;
	return "build/$build/bulwark.elf" unless $mutant;
	return $mutant->{kernels}{$build} //= do {
		my ($object, $kernel) = ("$out/$build.o", "$out/$build.elf");
		object_make($build, $mutant, $object, $log) && kernel_link($build, $mutant->{linked}, $object, $kernel, $log)
			? $kernel : '';
	};
}

sub command_of {
	my ($step, $mutant, $log) = @_;
	if ($step->{kind} eq 'host') {
		return ({}, "build/host/$step->{host}") unless $mutant;
		object_make("host $step->{host}", $mutant, "$out/host.o", $log)
			&& host_link($step->{host}, $mutant->{file}, "$out/host.o", "$out/host", $log) or return ();
		return ({}, "$out/host");
	}
	my $kernel = kernel_of($mutant, $step->{build} // 'debug', $log) or return ();
	return ({}, @QEMU, '-smp', $step->{smp}, '-kernel', $kernel, '-initrd', $archive, '-append', "$step->{options} cmd=\"$step->{command}\"")
		if $step->{kind} eq 'boot';
	if ($step->{kind} eq 'iso') {
		system("tools/make-iso $out/mutant.iso $kernel $archive >/dev/null 2>&1") == 0 or return ();
		return ({ ISO => "$out/mutant.iso", BOOT => 'iso', OPTS => '', CMD => 'true', MEM => '64M', TIMEOUT => SECONDS_PER_BOOT }, 'tools/run');
	}
	return ({ KERNEL => $kernel, BUILD => $step->{build}, TEST_SECONDS => SECONDS_PER_TEST, ARCHIVE => $archive }, "tests/qemu/$step->{test}.t");
}

# What a run says: undef where all is well, else why not.
sub verdict {
	my ($step, $run, $said) = @_;
	return "$run->{result}: $run->{line}" if $run->{result} ne 'ended';
	return $said =~ /bulwark: exit status 0\b/ ? undef : 'ends without success' if $step->{kind} eq 'boot';
	return $run->{status} ? "ends with $run->{status}" : undef;
}

sub run_step {
	my ($step, $mutant, $log, $limits) = @_;
	my ($environment, @command) = command_of($step, $mutant, $log);
	return (undef, 'cannot be made') unless @command;
	open my $file, '+>>', $log or die "$log: $!\n";
	$file->autoflush(1);
	my $start = (seek($file, 0, 2), tell $file)[1];
	my $run = run_watched($file, $FAILURE, $limits, $environment, @command);
	seek $file, $start, 0;
	local $/;
	return ($run, verdict($step, $run, scalar <$file> // ''));
}

# Does it start programs of its own?
sub is_group { return $_[0]{kind} =~ /^(?:test|iso)$/ ? 1 : 0 }

# What the kernel as it is does is measured once: it must pass, and the limits of a mutant follow from it.
sub measure {
	my ($step) = @_;
	return $measured{ $step->{name} } if $measured{ $step->{name} };
	my $log = "$out/sound.log";
	unlink $log;
	my ($run, $problem);
	for (1 .. MEASURES_MAX) {
		($run, $problem) = run_step($step, undef, $log, { ran => 600, seconds => SECONDS_PER_TEST, group => is_group($step) });
		last unless defined $problem;
	}
	die "$step->{name} fails without a fault ($problem), @{[MEASURES_MAX]} times: $log\n" if defined $problem;
	$measured{ $step->{name} } = { ran => $run->{ran}, seconds => $run->{seconds} };
	open my $file, '>', $measured_path or die "$measured_path: $!\n";
	print $file JSON::PP->new->canonical->pretty->encode(\%measured);
	return $measured{ $step->{name} };
}

# Why the mutant fails this step; undef: it passes.
sub step_run {
	my ($step, $mutant, $log) = @_;
	my $sound = measure($step);
	my $group = is_group($step);
	my (undef, $problem) = run_step($step, $mutant, $log, { ran => LIMIT_FACTOR * $sound->{ran} + LIMIT_MORE, group => $group,
		seconds => SECONDS_FACTOR * $sound->{seconds} + SECONDS_MORE });
	return $problem;
}

1;
