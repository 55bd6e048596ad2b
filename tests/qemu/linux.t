#!/bin/bash
# Calls with Linux's numbers give Linux's answers, but where docs/linux.def says otherwise: each line that the program
# `answers` prints is compared with what it printed on Linux.
# needs: test-programs
. "$(dirname "$0")/lib.sh"

ARCHIVE=$(make -s --no-print-directory print-archive EXTRA=tests/qemu/programs)
export ARCHIVE
SMP=2 boot '' answers
is "$status" 0 'the program ends'
grep -E '^[A-Za-z0-9_]+: .*: ' <<<"$output" >"$work/ours"

perl -Itools/lib -e '
	use strict; use warnings; use Def qw(rows);
	sub answers { open my $file, "<", $_[0] or die "$_[0]: $!\n"; my (%answer, @order);
		while (<$file>) { next if /^#/; chomp; /^(.*): (.*)$/ or die "$_[0]: $_\n"; push @order, $1; die "twice: $1\n" if exists $answer{$1}; $answer{$1} = $2 }
		return (\%answer, \@order) }
	my ($linux, $order) = answers($ARGV[0]);
	my ($ours) = answers($ARGV[1]);
	my %row = map { ("$_->{call}: $_->{what}" => $_) } rows("linux");
	my @wrong;
	for my $case (@$order) {
		my ($theirs, $answer, $row) = ($linux->{$case}, $ours->{$case} // "nothing", delete $row{$case});
		if ($row && $theirs eq $answer) { push @wrong, "$case: $answer, as Linux: the row is none any more" }
		elsif ($row && ($row->{linux} ne $theirs || $row->{ours} ne $answer)) { push @wrong, "$case: Linux $theirs, here $answer: the row says $row->{linux}, $row->{ours}" }
		elsif (!$row && $theirs ne $answer) { push @wrong, "$case: Linux $theirs, here $answer" }
	}
	push @wrong, map { "$_: nobody asks that" } sort keys %row;
	push @wrong, map { "$_: Linux was not asked" } grep { !exists $linux->{$_} } sort keys %$ours;
	print scalar(@$order), "\n", map { "$_\n" } @wrong;
' tests/qemu/linux-answers.txt "$work/ours" >"$work/compared" 2>&1
is "$(sed 1d "$work/compared")" '' "all answers are Linux's, or rows of the table: $(head -n 1 "$work/compared")" ||
	diag 'docs/linux.md says how they are compared'
[ "$(head -n 1 "$work/compared")" -gt 850 ]
ok $? 'and there are hundreds'

done_testing
