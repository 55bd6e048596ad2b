# generated: sources: the works of docs/sources.def, with the pages that cite each.
use strict;
use warnings;
use Def qw(rows);
use Page;

# The text of a page as one line in small letters, so that a line break hides nothing.
sub flat { return lc read_file($_[0]) =~ s/\s+/ /gr }

sub title { return (read_file($_[0]) =~ /\A#\s+([^:\n]+)/)[0] // $_[0] }

sub cites {
	my ($text, $words) = @_;
	return scalar grep { index($text, $_) >= 0 } split /\|/, $words;
}

sub {
	my ($document) = @_;
	my @pages = grep { $_ ne 'docs/sources.md' } sort glob('docs/*.md'), glob('docs/exercises/*.md'), glob('user/attacks/*/README.md');
	my %text = map { $_ => flat($_) } @pages;
	my (@rows, %has_source);
	for my $row (rows('sources')) {
		my ($words, $authors, $title, $where) = @$row{qw(words authors title venue)};
		my @citing = grep { cites($text{$_}, $words) } @pages;
		die "gen-docs: docs/sources.def: no page cites \"$title\"\n" unless @citing;
		$has_source{$_} = 1 for @citing;
		push @rows, [($authors eq '' ? '' : "$authors: ") . "*$title*", $where, join ', ', map { link_to($document, title($_), $_) } @citing];
	}
	my @without = grep { m{^user/attacks/(?!TEMPLATE/)} && !$has_source{$_} } @pages;
	die "gen-docs: docs/sources.def has none of the sources of @without\n" if @without;
	return table([qw(work where pages)], @rows);
};
