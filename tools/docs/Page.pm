# What the generators of documentation share: files, and Markdown.
package Page;
use strict;
use warnings;

use Exporter qw(import);
use File::Basename qw(dirname);
use File::Spec;

our @EXPORT = qw(read_file table link_to code);

sub read_file {
	my ($path) = @_;
	open my $file, '<', $path or die "gen-docs: $path: $!\n";
	local $/;
	return scalar <$file>;
}

# A Markdown table: the head and each row are lists of cells.
sub table {
	my ($head, @rows) = @_;
	my @lines = map { '| ' . join(' | ', map { s/\|/\\|/gr } @$_) . ' |' } $head, @rows;
	splice @lines, 1, 0, '|' . '---|' x @$head;
	return join("\n", @lines) . "\n";
}

sub code { return join ', ', map { "`$_`" } @_ }

# A link from a document to a file of the tree.
sub link_to {
	my ($document, $text, $path) = @_;
	return "[$text](" . File::Spec->abs2rel("/$path", '/' . dirname($document)) . ')';
}

1;
