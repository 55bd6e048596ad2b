# For tools that write what they found at their end: whether they will be able to is asked before they begin.
package Output;
use strict;
use warnings;
use Exporter 'import';
use File::Basename 'dirname';
use File::Path 'make_path';
our @EXPORT_OK = qw(check_outputs make_folders write_output write_file);

# The reason why a file at this path, which need not be there, could not be written; undef where it could.
sub obstacle {
	my ($path) = @_;
	return 'it is a folder' if -d $path;
	my $new = "$path.new";
	open my $file, '>', $new or return "$!";
	close $file;
	unlink $new;
	return undef;
}

# Makes the folders that these files lie in; what cannot be made is for check_outputs to tell.
sub make_folders {
	make_path(map({ dirname($_) } @_), { error => \my $ignored });
}

# Ends the tool with 2 where one of its outputs could not be written.
sub check_outputs {
	my ($tool, @paths) = @_;
	for my $path (@paths) {
		my $obstacle = obstacle($path) // next;
		print STDERR "$tool: $path cannot be written: $obstacle\n";
		exit 2;
	}
}

# Writes the text, of bytes unless a layer is given, at once or not at all; dies where that fails.
sub write_output {
	my ($path, $text, $layer) = @_;
	open my $file, '>' . ($layer // ''), "$path.new" or die "$path: $!\n";
	print $file $text;
	close $file or die "$path: $!\n";
	rename "$path.new", $path or die "$path: $!\n";
}

# The same, and makes the folders that the file lies in.
sub write_file {
	my ($path, $text) = @_;
	make_path(dirname($path));
	write_output($path, $text);
}

1;
