# --help of the tools written in Perl: the lines of the tool that start with #?, which open with "usage:".
package Usage;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(help refuse_usage no_arguments);

my $tool = $0 =~ s{.*/}{}r;

sub text {
	open my $self, '<', $0 or die "$0: $!\n";
	return map { /^#\?(.*)/s ? $1 : () } <$self>;
}

# Prints the help and ends, where an argument asks for it. Called before the tool leaves the folder that it was started in.
sub help {
	return unless grep { /^(?:-h|--help)$/ } @ARGV;
	print text();
	exit 0;
}

# Ends the tool with 2.
sub refuse_usage {
	my ($complaint) = @_;
	my ($line) = text();
	print STDERR "$tool: $complaint\n$line";
	exit 2;
}

# For a tool that takes --help alone.
sub no_arguments {
	help();
	refuse_usage("what is $ARGV[0]?") if @ARGV;
}

1;
