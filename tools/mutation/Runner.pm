# Runs a program until it fails, hangs or ends, and says which.
package Runner;
use strict;
use warnings;
use Exporter 'import';
use IO::Select;
use POSIX qw(_SC_CLK_TCK sysconf);
use Time::HiRes 'time';
our @EXPORT_OK = qw(run_watched);

# It is idle for good that neither ran nor wanted to in so many seconds.
use constant { IDLE_SECONDS => 8, IDLE_PART => 0.04, LOOK_SECONDS => 0.25, NANOSECONDS => 1e9, TICKS => sysconf(_SC_CLK_TCK) };

# Seconds for which a process ran, with its threads that have ended.
sub ran_of {
	my ($pid) = @_;
	open my $file, '<', "/proc/$pid/stat" or return 0;
	my @fields = split ' ', (<$file> // '') =~ s/^.*\)//r;
	return (($fields[11] // 0) + ($fields[12] // 0)) / TICKS;
}

# Seconds for which a process ran, and for which it ran or its threads waited for a processor.
sub times_of {
	my ($pid) = @_;
	my ($ran, $waited) = (0, 0);
	for my $path (glob "/proc/$pid/task/*/schedstat") {
		open my $file, '<', $path or next;
		my ($on, $waiting) = split ' ', <$file> // '0 0';
		$ran += $on / NANOSECONDS;
		$waited += $waiting / NANOSECONDS;
	}
	my $all = ran_of($pid);
	$ran = $all if $all > $ran;
	return ($ran, $ran + $waited);
}

sub start {
	my ($environment, @command) = @_;
	pipe my $read, my $write or die "pipe: $!\n";
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		setpgrp;
		$ENV{$_} = $environment->{$_} for keys %$environment;
		open STDIN, '<', '/dev/null' or die;
		open STDOUT, '>&', $write or die;
		open STDERR, '>&', $write or die;
		exec @command or die "$command[0]: $!\n";
	}
	close $write;
	return ($pid, $read);
}

# { result: "ended", "failed" or "hangs", status, line: what told, ran: processor seconds, seconds }. The output goes to the log.
# limits: { ran, seconds, group: the program starts others, whose time is not counted }; failure: what a line of failure looks like
sub run_watched {
	my ($log, $failure, $limits, $environment, @command) = @_;
	my $started = time;
	my ($pid, $read) = start($environment, @command);
	local ($SIG{INT}, $SIG{TERM}) = (sub { kill 'KILL', -$pid; exit 130 }) x 2;
	my ($select, $rest, $end) = (IO::Select->new($read), '');
	my ($ran, $looked, $wanted_before) = (0, $started, 0);
	until ($end) {
		if ($select->can_read(LOOK_SECONDS)) {
			sysread($read, my $piece, 65536) or $end = { result => 'ended' };
			print $log $piece if defined $piece;
			$rest .= $piece // '';
			while (!$end && $rest =~ s/^([^\n]*)\n//) {
				my $line = $1 =~ tr/\r//dr;
				$end = { result => 'failed', line => $line } if $line =~ $failure;
			}
		}
		my ($ran_now, $wanted) = times_of($pid);
		$ran = $ran_now if $ran_now > $ran;
		$end ||= { result => 'hangs', line => 'too many instructions' } if $ran > $limits->{ran};
		$end ||= { result => 'hangs', line => 'too long' } if time - $started > $limits->{seconds};
		if (!$limits->{group} && time - $looked > IDLE_SECONDS) {
			$end ||= { result => 'hangs', line => 'idle' } if $wanted - $wanted_before < IDLE_PART * IDLE_SECONDS;
			($looked, $wanted_before) = (time, $wanted);
		}
	}
	kill 'KILL', -$pid unless $end->{result} eq 'ended';
	waitpid $pid, 0;
	return { %$end, status => $? & 127 ? 128 + ($? & 127) : $? >> 8, ran => $ran, seconds => time - $started };
}

1;
