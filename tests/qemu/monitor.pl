#!/usr/bin/perl
# monitor.pl SOCKET COMMAND...: sends each command to QEMU's monitor and prints the answers.
use strict;
use warnings;

use IO::Socket::UNIX;

my $PROMPT = qr/\(qemu\) $/;
my ($path, @commands) = @ARGV;
my $monitor = IO::Socket::UNIX->new(Peer => $path) or die "monitor.pl: $path: $!\n";

# Reads up to the next prompt, or to the end of the connection.
sub answer {
	my $text = '';
	while ($text !~ $PROMPT) {
		sysread($monitor, my $piece, 65536) or last;
		$text .= $piece;
	}
	return $text;
}

alarm 60;
answer();
for my $command (@commands) {
	print $monitor "$command\n";
	$monitor->flush;
	my $text = answer();
	$text =~ s/\r|\e\[[KD]//g;
	$text =~ s/^[^\n]*\n//; # the echo of the command, letter by letter
	print $text;
}
