# One guest that makes stores, read as it goes: each store becomes a record with its verdict.
package SweepGuest;
use strict;
use warnings;
use File::Path 'remove_tree';
use File::Temp 'tempdir';
use SweepPatience;
use Time::HiRes 'time';

use constant { SECONDS_TO_START => 60, STATUS_PANIC => 124, STATUS_REFUSED => 2 };

my $patience = SweepPatience->new;

my %FACTS = (1 => 'other-user', 2 => 'flag', 4 => 'base', 8 => 'sealed', 16 => 'forbidden-call', 32 => 'foreign-page',
	1 << 16 => 'written', 1 << 17 => 'port', 1 << 18 => 'program', 1 << 19 => 'setuid', 1 << 20 => 'memory', 1 << 21 => 'read',
	1 << 22 => 'call');

sub facts_of {
	my ($bits) = @_;
	return map { $bits & 1 << $_ ? $FACTS{ 1 << $_ } // "fact-$_" : () } 0 .. 31;
}

# machine: kernel, archive, smp, mem, options; arguments: of the guest's program.
sub start {
	my ($class, $machine, $program, @arguments) = @_;
	my $dir = tempdir("$machine->{scratch}/run.XXXXXX", CLEANUP => 1);
	my $round = int 1000 * $patience->round;
	my $pid = open my $out, '-|' // die "fork: $!\n";
	if (!$pid) {
		delete @ENV{qw(VGA EFI EMU CPU MACHINE QEMU_ARGS ACCEL ICOUNT)};
		@ENV{qw(BOOT CMD TIMEOUT BUILD)} = ('direct', join(' ', 'root', $program, @arguments, "round=$round"), 3600, $machine->{build});
		@ENV{qw(KERNEL ARCHIVE SMP MEM OPTS LOG)} = (@$machine{qw(kernel archive smp mem options)}, "$dir/log");
		open STDIN, '<', '/dev/null';
		open STDERR, '>', "$dir/errors";
		exec 'tools/run' or die;
	}
	return bless { pid => $pid, out => $out, dir => $dir, text => '', heard => time, silence => $patience->silence, stores => [], audited => 0 }, $class;
}

sub read_file {
	my ($path) = @_;
	open my $file, '<', $path or return '';
	local $/;
	return <$file> // '';
}

sub take_store {
	my ($self, $index, $name, $value, $address, $size, $to, $from, $is_protected) = @_;
	my ($kind, $instance, $member) = split /:/, $name, 3;
	$self->{pending} = { index => $index, name => $name, kind => $kind, instance => $instance, member => $member, value => $value,
		address => "0x$address", size => $size + 0, to => "0x$to", from => "0x$from", is_protected => $is_protected + 0, facts => [] };
	$self->{told} = time;
}

sub take_verdict {
	my ($self, $index, $verdict, $facts) = @_;
	my $store = delete $self->{pending} or return;
	@$store{qw(verdict facts)} = ($verdict, [facts_of(hex $facts)]);
	$patience->note(time - $self->{told}) if $verdict eq 'nothing';
	push @{ $self->{stores} }, $store;
}

# An audit that finds something is about what was stored since the last one that found nothing: where the store itself was refused, nothing
# was, but the last one is what the audit was for.
sub take_audit {
	my ($self, $text) = @_;
	my @since = @{ $self->{stores} }[$self->{audited} .. $#{ $self->{stores} }];
	$self->{audited} = @{ $self->{stores} };
	for my $store (@since) {
		$store->{is_audited} = 1;
		next if !length $text || ($store->{verdict} eq 'fault' && $store != $since[-1]);
		$store->{text} = $text;
		$store->{verdict} = 'violation' if $store->{verdict} ne 'breach';
	}
}

sub take_line {
	my ($self, $line) = @_;
	$self->{is_up} = 1;
	$self->take_store(split / /, $1) if $line =~ /\@s (\d+ \S+ \S+ \S+ \d+ \S+ \S+ \d)$/;
	$self->take_verdict($1, $2, $3) if $line =~ /\@v (\d+) (\w+) ([0-9a-f]+)/;
	$self->take_audit($1) if $line =~ /\@a (.*)$/;
	$self->{is_guarded} = $1 if $line =~ /\@g ([01])$/;
	$self->{total} = $1 if $line =~ /\@n (\d+)$/;
	$self->{broken} = $1 if $line =~ /\@broken (.*)$/;
	$self->{is_last} = 1 if $line =~ /\@last$/;
	$self->{has_ended} = 1 if $line =~ /\@end$/;
}

# What there is to read. False: nothing will come any more.
sub hear {
	my ($self) = @_;
	my $nr = sysread $self->{out}, $self->{text}, 1 << 16, length $self->{text};
	return 0 unless $nr;
	$self->{heard} = time;
	$self->take_line($1 =~ s/\r//gr) while $self->{text} =~ s/^(.*)\n//;
	return 1;
}

sub is_silent { my ($self) = @_; return time - $self->{heard} > ($self->{is_up} ? $self->{silence} : SECONDS_TO_START) }

# It says nothing, and is not about to start.
sub is_waiting { my ($self, $seconds) = @_; return $self->{is_up} && time - $self->{heard} > $seconds }

sub stop_text {
	my ($self, $status) = @_;
	return "referee: $self->{broken}" if $self->{broken};
	return 'hang' if $self->{is_hung};
	my $log = read_file("$self->{dir}/log");
	return "panic: $1" if $log =~ /^bulwark: panic: (.*?)\r?$/m;
	return $status == STATUS_PANIC ? 'panic' : 'reset';
}

# A store that no verdict came of stopped the machine, or the referee; so did the last one where the machine ended without a word. One
# that no store may reach has been written then, presumably.
sub take_stop {
	my ($self, $status) = @_;
	my $stores = $self->{stores};
	push @$stores, delete $self->{pending} if $self->{pending};
	my $store = $stores->[-1] or return;
	$store->{stop} = $self->stop_text($status);
	return if ($store->{verdict} // '') eq 'breach';
	@$store{qw(verdict facts is_presumed)} = $store->{is_protected} ? ('breach', ['written'], 1) : ('stop', [], 0);
}

# Ends it. Dies where it could not be booted at all.
sub finish {
	my ($self) = @_;
	$self->{is_hung} = $self->is_silent;
	kill 'TERM', $self->{pid} if $self->{is_hung};
	close $self->{out};
	my $status = $? >> 8;
	my $errors = read_file("$self->{dir}/errors");
	$self->take_stop($status) if $self->{pending} || !$self->{has_ended};
	die "the guest does not boot: $errors\n" if !@{ $self->{stores} } && !$self->{is_last} && ($status == STATUS_REFUSED || !$self->{is_up});
	remove_tree($self->{dir});
	return $self;
}

1;
