# Boots guests that measure, and collects what they print.
package Guest;
use strict;
use warnings;
use File::Temp 'tempdir';
use Exporter 'import';
use FindBin '$Bin';
use lib "$Bin/lib";
use Json qw(json_read json_write);
use Made qw(made kernel_facts not_in_force);
use Options qw(option_named opts_complaint);
use Output qw(check_outputs write_output);
use Progress;
our @EXPORT_OK = qw(refuse run_steps check_jobs options variants quick check_request will_save save skips_text median per icount_shift);

# TSC ticks per instruction are 2 to this power where instructions are counted.
use constant icount_shift => 4;

sub quick { return ($ENV{QUICK} // '') !~ /^0?$/ }

# The options that a benchmark sets itself.
my %SETS = (kaiser => ['kaiser'], xpfo => ['xpfo', 'directmap'], pmalloc => ['ktest']);

sub refuse {
	my ($text) = @_;
	my $tool = $0 =~ s{.*/}{}r;
	print STDERR "$tool: $text\n";
	exit 2;
}

# The kernel's command line: OPTS without the vulnerable calls, which `make run` offers and no measurement needs.
sub options { return join ' ', grep { $_ ne 'vuln=on' } split ' ', $ENV{OPTS} // '' }

# The values of a boot option, in the order of options.def, and its default.
sub variants {
	my ($option) = @_;
	my $row = option_named($option);
	return ($row->{values}, $row->{default});
}

# Becomes tools/run, or the step's own runner, with the step's knobs.
sub become_run {
	my ($step, $dir) = @_;
	my %knob = (ACCEL => $ENV{ACCEL} // 'auto', TIMEOUT => 900, MEM => '512M', SMP => 1, %{ $step->{knobs} });
	delete @ENV{qw(ICOUNT MONITOR VGA EFI EMU CPU MACHINE QEMU_ARGS)};
	$ENV{$_} = $knob{$_} for keys %knob;
	# The loader is not what is measured; Bochs boots from the ISO alone.
	$ENV{BOOT} = ($knob{EMU} // 'qemu') eq 'qemu' ? 'direct' : 'iso';
	@ENV{qw(OPTS CMD LOG)} = ($step->{options}, $step->{command}, "$dir/log");
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', "$dir/out";
	open STDERR, '>', "$dir/err";
	exec $step->{runner} // 'tools/run' or die;
}

sub read_file {
	my ($path) = @_;
	open my $file, '<', $path or return '';
	local $/;
	return <$file> // '';
}

# What OPTS asked of the kernel and did not get: whatever is measured is something else.
sub refusal { return (not_in_force($_[0]{facts}, options()))[0] }

# The rows that the guest printed, all that it printed, and the kernel's log; a step that failed has no rows, and `error`.
sub collect {
	my ($step, $dir, $status) = @_;
	my $out = read_file("$dir/out");
	$step->{rows} = [];
	$step->{output} = $out;
	$step->{log} = read_file("$dir/log");
	$step->{facts} = kernel_facts($step->{log});
	for my $line (split /\r?\n/, $out) {
		my $row = $line =~ /^\{"name"/ ? eval { json_read($line) } : undef;
		push @{ $step->{rows} }, $row if $row;
	}
	# what is said of a column must be so; a step may say that it does without
	my ($other) = $step->{may_fall_back} ? () : not_in_force($step->{facts}, $step->{options});
	$step->{error} = "$step->{name}: $other" if defined $other;
	return unless $status;
	my @words = grep { /\S/ } split /\r?\n/, $out . read_file("$dir/err");
	@words = @words[-8 .. -1] if @words > 8;
	$step->{error} = join "\n", "$step->{name}: exit status " . ($status >> 8), @words;
}

# JOBS, or the default.
sub check_jobs {
	my ($default) = @_;
	my $jobs = length($ENV{JOBS} // '') ? $ENV{JOBS} : $default;
	refuse("JOBS=$jobs: must be a number of guests, from 1 on") unless $jobs =~ /^[1-9]\d{0,3}$/;
	return $jobs;
}

# Runs all steps ({name, options, command, knobs, weight}), JOBS at a time, and fills in rows or error.
sub run_steps {
	my (@steps) = @_;
	my $jobs = check_jobs(1);
	my $total = 0;
	$total += $_->{weight} //= 1 for @steps;
	my $progress = Progress->new($total);
	my %running;
	local $SIG{INT} = local $SIG{TERM} = sub { kill 'TERM', keys %running; exit 130 };
	my @waiting = @steps;
	while (@waiting || %running) {
		if (@waiting && keys %running < $jobs) {
			my $step = shift @waiting;
			my $dir = tempdir(CLEANUP => 1);
			$progress->show($step->{name});
			my $pid = fork // die "fork: $!\n";
			become_run($step, $dir) unless $pid;
			$running{$pid} = [$step, $dir];
			next;
		}
		my $pid = wait;
		die "wait: $!\n" if $pid < 0;
		my $ended = delete $running{$pid} or next;
		collect(@$ended, $?);
		if (defined(my $refusal = refusal($ended->[0]))) {
			kill 'TERM', keys %running;
			$progress->finish;
			refuse("OPTS: $refusal");
		}
		$progress->advance($ended->[0]{weight});
	}
	$progress->finish;
	print STDERR "$_->{error}\n" for grep { $_->{error} } @steps;
}

sub median {
	my @sorted = sort { $a <=> $b } @_;
	return @sorted ? ($sorted[$#sorted / 2] + $sorted[@sorted / 2]) / 2 : undef;
}

# a / b, or undef
sub per {
	my ($a, $b) = @_;
	return defined $a && $b ? $a / $b : undef;
}

sub figures_path { return "build/bench-$_[0].json" }

# Ends the benchmark with 2, before it begins, where its figures could not be kept.
sub will_save { check_outputs("bench-$_[0]", figures_path($_[0])) }

# Ends the tool with 2, before it begins, where what is asked for cannot be: the benchmarks of these names would ignore it.
sub check_request {
	my (@names) = @_;
	my $complaint = opts_complaint($ENV{OPTS} // '');
	refuse("OPTS: $complaint") if defined $complaint;
	refuse("QUICK=$ENV{QUICK}: must be 0 or 1") unless ($ENV{QUICK} // '') =~ /^[01]?$/;
	check_jobs(1);
	for my $name (@names) {
		for my $option (grep { " $ENV{OPTS}" =~ / \Q$_\E=/ } length($ENV{OPTS} // '') ? @{ $SETS{$name} // [] } : ()) {
			refuse("OPTS: bench-$name sets $option itself: leave it out");
		}
	}
}

# What a row of figures is of.
sub row_name {
	my ($row) = @_;
	return $row->{operation} // $row->{figure} // join ', ', grep { defined } $row->{load}, $row->{variant},
		$row->{smp} && "$row->{smp} processors", $row->{emulator};
}

# "27 figures, 2 skipped: NAME (why), ..." of rows that have a `skip` where they were not measured
sub skips_text {
	my (@rows) = @_;
	my @skipped = grep { $_->{skip} } @rows;
	return scalar(@rows) . ' figures, ' . @skipped . ' skipped' . (@skipped ? ': ' : '')
		. join(', ', map { row_name($_) . " ($_->{skip})" } @skipped) . "\n";
}

# What each kind of boot was: asked for, and as its kernel tells. Rounds of the same are one.
sub guests {
	my (%seen, @guests);
	for my $step (grep { !$seen{ $_->{name} }++ } @_) {
		my $facts = $step->{facts} // {};
		push @guests, { name => $step->{name}, emulator => $step->{knobs}{EMU} // 'qemu', knobs => $step->{knobs}, asked => $step->{options},
			version => $facts->{version}, processor => $facts->{processor}, options => $facts->{options} };
	}
	return @guests;
}

# Writes build/bench-NAME.json: the figures, and with what they were made.
sub save {
	my ($name, $data, @steps) = @_;
	my @guests = guests(@steps);
	write_output(figures_path($name), json_write({ %$data, made => made(map { $_->{emulator} } @guests), guests => \@guests }));
	print "\nkept in @{[figures_path($name)]}\n";
}

1;
