#!/usr/bin/perl
# BUILD=pcid under the replay: no access that a stale translation could serve. In a soak all self-tests, a longer stress and
# mkload.
# needs: replay
use strict;
use warnings;

use File::Temp 'tempdir';
use FindBin '$Bin';
use lib $Bin;
use Replay qw(replay test_archive);

chdir "$Bin/../.." or die "replay: $!\n";
my $out = tempdir(CLEANUP => 1);
my $is_soak = $ENV{SOAK};
my @invpcid = (CPU => 'max');
my @no_invpcid = (CPU => 'max,-adx');
# Without xpfo_kmap, which stress calls when it can: docs/pcid.md.
my @sound = (OPTS => 'vuln=off');
my $mkload = 'root mkload -j2 -n 4';
# [what, command, knobs]
my @rows = (
	['each way to make an entry stricter', 'translations', @invpcid],
	['the same without INVPCID', 'translations', @no_invpcid],
	['a load', "$mkload; stress 2", SMP => 4, @sound],
);
push @rows, (
	['the self-tests', 'selftest', @invpcid],
	['the self-tests without INVPCID', 'selftest', @no_invpcid],
	['the litmus tests', 'litmus 10', @invpcid],
	['the self-tests with large pages in the direct map', 'selftest', OPTS => 'vuln=on directmap=2m'],
	['a load', 'root mkload -j4 -n 32', SMP => 4],
	['a load without INVPCID', 'root mkload -j4 -n 32', SMP => 4, @no_invpcid],
	map { my $opts = $_; ["a load, $opts", "$mkload; stress 60", SMP => 4, OPTS => "vuln=off $opts"] }
		qw(xpfo=epoch xpfo=sync directmap=2m kaiser=off),
) if $is_soak;

printf "1..%d\n", @rows * 3;
my $nr = 0;
sub ok { my ($is_good, $what) = @_; printf "%sok %d - %s\n", $is_good ? '' : 'not ', ++$nr, $what; return $is_good }

for my $row (@rows) {
	my ($what, $command, %knobs) = @$row;
	my ($said, $status, $faults, $counts) = replay('build/pcid/bulwark.elf', $out, $command, ARCHIVE => test_archive(), %knobs);
	ok($status == 0, "$what: it runs") or print map { "# $_\n" } (split /\n/, $said)[-20 .. -1];
	ok(!@$faults, "$what: no stale translation could be used") or print map { "# $_\n" } @$faults;
	ok(!(grep { !$counts->{$_} } qw(accesses loads noflush stores flushes stale)),
		"$what: translations became stale, were flushed, and accesses were looked at");
	print "# $_: $counts->{$_}\n" for sort keys %$counts;
}
