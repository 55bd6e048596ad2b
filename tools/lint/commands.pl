#!/usr/bin/perl
# Each command of the shell has a whole page, what its synopsis names is explained, and its lines fit 78 columns.
use strict;
use warnings;
use FindBin qw($Bin);
use lib $Bin, "$Bin/../docs", "$Bin/../lib";
use Commands qw(terms_of);
use Def qw(rows);
use Lint;

my $TABLE = 'user/shell/commands.def';
my $VERBATIM_COLUMNS = 71; # of 78, behind the indent
my @commands = -e $TABLE ? rows('commands') : ();
my %exists = map { $_->{name} => 1 } @commands;

# Options, and words in capital letters that stand for something, of a synopsis.
sub parts_of {
	my ($usage) = @_;
	return $usage =~ /(?<![\w-])(--?[a-z]+)/g;
}

sub check {
	my ($command) = @_;
	my ($name, $line) = @$command{qw(name line)};
	my $complain = sub { violation($TABLE, $line, "$name: $_[0]") };

	for my $field (qw(usage brief description status examples)) {
		$complain->("it has no .$field") unless defined $command->{$field};
	}
	for my $field (qw(options status examples)) {
		my @terms = terms_of($command->{$field});
		$complain->("$_->[0] in .$field has no text") for grep { ($_->[1] // '') eq '' } @terms;
		$complain->(".$field is empty") if defined $command->{$field} && !@terms;
	}
	my %explained = map { s/[ =].*//r => 1 } map { $_->[0] } terms_of($command->{options});
	for my $option (parts_of($command->{usage} // '')) {
		$complain->("$option is not explained") unless $explained{$option};
	}
	for my $example (map { $_->[0] } terms_of($command->{examples})) {
		$complain->("the example `$example` does not use it") unless $example =~ /\b\Q$name\E\b/;
	}
	for my $other (split /, /, $command->{see} // '') {
		$complain->("there is no $other to see") unless $exists{$other} || -e $other;
	}
	for my $text (grep { /^ / && length > $VERBATIM_COLUMNS } split /\n/, $command->{description} // '') {
		$complain->("longer than 78 columns: $text");
	}
	$complain->('the one line is no line of a list') if length($command->{brief} // '') > 60 || ($command->{brief} // '') =~ /\.$/;
}

looked_at(scalar @commands);
check($_) for @commands;
finish();
