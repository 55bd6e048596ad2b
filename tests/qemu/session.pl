#!/usr/bin/perl
# session.pl SCRIPT COMMAND...: types at a console, and prints what a terminal of 80 columns has shown in the end, all of it.
# A line of SCRIPT is a regular expression to wait for in what was shown since the line before, a tab, and what to type
# then, with \r and \xHH in it. Words that the terminal had to cut are told on stderr, and a wait that was in vain.
# RAW=FILE: the bytes, as they came.
use strict;
use warnings;

use IPC::Open2 qw(open2);

use constant { WIDTH => 80, SECONDS => 100 };

my (@rows, $row, $column, $sequence, $raw) = ('');
($row, $column, $sequence, $raw) = (0, 0, '', '');

sub put {
	my ($letter) = @_;
	if ($column == WIDTH) {
		# the terminal goes on in the next row by itself: in the middle of a word?
		print STDERR "cut: $rows[$row]\n" if $letter =~ /\S/ && $rows[$row] =~ /\S$/;
		line_feed();
		$column = 0;
	}
	$rows[$row] .= ' ' x ($column - length $rows[$row]) if length $rows[$row] < $column;
	substr($rows[$row], $column++, 1, $letter);
}

sub line_feed {
	$row++;
	$rows[$row] //= '';
	$column = WIDTH - 1 if $column == WIDTH;
}

sub run_sequence {
	my ($parameters, $final) = $sequence =~ /^\e\[([\d;]*)(.)$/ or return;
	my $first = $parameters =~ /^(\d+)/ && $1 ? $1 : 1;
	if ($final eq 'C') {
		$column = $column + $first < WIDTH ? $column + $first : WIDTH - 1;
	} elsif ($final eq 'K') {
		$rows[$row] = substr $rows[$row], 0, $column if length $rows[$row] > $column;
	} elsif ($final eq 'H') {
		push @rows, '';
		($row, $column) = ($#rows, 0);
	}
}

sub show {
	my ($byte) = @_;
	if ($sequence ne '') {
		$sequence .= $byte;
		if ($sequence !~ /^\e(\[[\d;?]*)?$/) {
			run_sequence();
			$sequence = '';
		}
	} elsif ($byte eq "\e") {
		$sequence = $byte;
	} elsif ($byte eq "\n") {
		line_feed();
	} elsif ($byte eq "\r") {
		$column = 0;
	} elsif ($byte eq "\b") {
		$column-- if $column > 0;
	} elsif ($byte ge ' ') {
		put($byte);
	}
}

# What the terminal shows from a row on; bytes that are there are taken in before.
sub shown_since {
	my ($from, $console) = @_;
	my $ready = '';
	vec($ready, fileno $console, 1) = 1;
	if (select $ready, undef, undef, 0.1) {
		my $length = sysread $console, my $bytes, 65536;
		return unless $length;
		$raw .= $bytes;
		show($_) for split //, $bytes;
	}
	return join "\n", @rows[$from .. $#rows];
}

sub unescaped {
	my ($text) = @_;
	return $text =~ s/\\x([0-9a-f]{2})|\\(r)/defined $1 ? chr hex $1 : "\r"/ger;
}

my ($script, @command) = @ARGV;
open my $lines, '<', $script or die "session.pl: $script: $!\n";
my $pid = open2(my $console, my $keyboard, @command);
my ($from, $patience) = (0, SECONDS);
LINE: while (my $line = <$lines>) {
	chomp $line;
	my ($wanted, $typed) = split /\t/, $line;
	my $end = time + SECONDS;
	while (1) {
		my $text = shown_since($from, $console) // do { print STDERR "the end came before /$wanted/\n"; last LINE };
		last if $text =~ /$wanted/m;
		if (time > $end) {
			print STDERR "in vain: /$wanted/\n";
			$patience = 1;
			last LINE;
		}
	}
	# the row that is typed in is no answer
	$from = @rows;
	syswrite $keyboard, unescaped($typed // '');
}
my $end = time + $patience;
while (time < $end && defined shown_since(0, $console)) {}
print map { "$_\n" } @rows;
if ($ENV{RAW}) {
	open my $file, '>', $ENV{RAW} or die;
	print $file $raw;
}
kill 'TERM', $pid if time >= $end;
waitpid $pid, 0;
exit $? >> 8;
