# Boots guests that measure, and collects what they print.
package Guest;
use strict;
use warnings;
use File::Temp 'tempdir';
use Exporter 'import';
use FindBin '$Bin';
use lib "$Bin/lib";
use Json qw(json_read json_write);
use Output qw(check_outputs write_output);
use Progress;
our @EXPORT_OK = qw(run_steps options variants quick will_save save median per icount_shift);

# TSC ticks per instruction are 2 to this power where instructions are counted.
use constant icount_shift => 4;

sub quick { return ($ENV{QUICK} // '') !~ /^0?$/ }

# The kernel's command line: OPTS without the vulnerable calls, which `make run` offers and no measurement needs.
sub options { return join ' ', grep { $_ ne 'vuln=on' } split ' ', $ENV{OPTS} // '' }

# The values of a boot option, in the order of options.def, and its default.
sub variants {
	my ($option) = @_;
	open my $table, '<', 'kernel/abi/options.def' or die "options.def: $!\n";
	while (<$table>) {
		return ([split /\|/, $2], $1) if /^OPTION\(\Q$option\E,\s*(\w+),\s*"([^"]*)"/;
	}
	die "options.def has no option $option\n";
}

# Becomes tools/run with the step's knobs.
sub become_run {
	my ($step, $dir) = @_;
	my %knob = (ACCEL => $ENV{ACCEL} // 'auto', TIMEOUT => 900, MEM => '512M', SMP => 1, %{ $step->{knobs} });
	delete @ENV{qw(ICOUNT MONITOR VGA EFI EMU CPU MACHINE)};
	$ENV{$_} = $knob{$_} for keys %knob;
	# The loader is not what is measured; Bochs boots from the ISO alone.
	$ENV{BOOT} = ($knob{EMU} // 'qemu') eq 'qemu' ? 'direct' : 'iso';
	@ENV{qw(OPTS CMD LOG)} = ($step->{options}, $step->{command}, "$dir/log");
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', "$dir/out";
	open STDERR, '>', "$dir/err";
	exec 'tools/run' or die;
}

sub read_file {
	my ($path) = @_;
	open my $file, '<', $path or return '';
	local $/;
	return <$file> // '';
}

# The rows that the guest printed, all that it printed, and the kernel's log; a step that failed has no rows, and `error`.
sub collect {
	my ($step, $dir, $status) = @_;
	my $out = read_file("$dir/out");
	$step->{rows} = [];
	$step->{output} = $out;
	$step->{log} = read_file("$dir/log");
	for my $line (split /\r?\n/, $out) {
		my $row = $line =~ /^\{"name"/ ? eval { json_read($line) } : undef;
		push @{ $step->{rows} }, $row if $row;
	}
	return unless $status;
	my @words = grep { /\S/ } split /\r?\n/, $out . read_file("$dir/err");
	@words = @words[-8 .. -1] if @words > 8;
	$step->{error} = join "\n", "$step->{name}: exit status " . ($status >> 8), @words;
}

# Runs all steps ({name, options, command, knobs, weight}), JOBS at a time, and fills in rows or error.
sub run_steps {
	my (@steps) = @_;
	my $jobs = ($ENV{JOBS} // 1) || 1;
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
		my $ended = delete $running{$pid} or next;
		collect(@$ended, $?);
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

# Writes build/bench-NAME.json.
sub save {
	my ($name, $data) = @_;
	write_output(figures_path($name), json_write($data));
	print "\nkept in @{[figures_path($name)]}\n";
}

1;
