# How pages cite: [key] names a work of docs/sources.def. Markdown takes it as a link, whose targets are in the part
# "generated: cites" at the end of the page.
package Cites;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(prose_lines cites citing_pages work_text);

# Lines of a document with its blocks and spans of code made blank; numbers stay.
sub prose_lines {
	my ($text) = @_;
	my ($is_code, @lines) = (0);
	for my $line (split /\n/, $text) {
		$is_code = !$is_code if $line =~ /^\s*```/;
		push @lines, $is_code || $line =~ /^(?: {4}|\t)/ && (!@lines || $lines[-1] !~ /\S/ || $lines[-1] eq ' ') ? ' '
			: $line =~ s/`[^`]*`/`/gr;
	}
	return @lines;
}

# What a text cites: { key, line } each, in its order.
sub cites {
	my @lines = prose_lines($_[0]);
	my @found;
	for my $i (0 .. $#lines) {
		push @found, { key => $1, line => $i + 1 } while $lines[$i] =~ /(?<![\]!\\\w])\[([a-z][a-z0-9_]*)\](?![(\[:])/g;
	}
	return @found;
}

# The pages that may cite, of the tree in the current folder.
sub citing_pages {
	return grep { $_ ne 'docs/sources.md' && -e } 'README.md', sort glob('docs/*.md'), glob('docs/*/*.md'), glob('user/attacks/*/README.md');
}

# A row as "authors: title, where".
sub work_text {
	my ($row, $emphasis) = @_;
	$emphasis //= '';
	return ($row->{authors} eq '' ? '' : "$row->{authors}: ") . $emphasis . $row->{title} . $emphasis;
}

1;
