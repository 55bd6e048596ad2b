#!/usr/bin/perl
# Sources: a page cites a work of docs/sources.def as [key], and its title stands there alone; every key is known, every
# work is cited, and the page has the part that makes the keys links. Every page of an attack names its sources. Works come by
# year, each key once.
use strict;
use warnings;
use FindBin qw($Bin);
use lib $Bin, "$Bin/../lib";
use Cites qw(cites citing_pages);
use Def qw(rows);
use Lint;

# Shorter titles are words that a page may need.
use constant TITLE_MIN => 24;

sub check_rows {
	my ($year, %seen) = (0);
	for my $row (@_) {
		violation('docs/sources.def', $row->{line}, "the key $row->{key} is there twice") if $seen{ $row->{key} }++;
		violation('docs/sources.def', $row->{line}, "$row->{key} is older than the work before it") if ($row->{year} // $year) < $year;
		$year = $row->{year} // $year;
	}
}

sub line_of { return 1 + (substr($_[0], 0, $_[1]) =~ tr/\n//) }

sub check_titles {
	my ($page, $text, @rows) = @_;
	for my $row (grep { length $_->{title} >= TITLE_MIN } @rows) {
		my $words = join '\s+', map { quotemeta } split ' ', $row->{title};
		violation($page, line_of($text, $-[0]), "the title of a source: cite it as [$row->{key}]") if $text =~ /$words/;
	}
}

sub check_page {
	my ($page, $text, $is_known) = @_;
	my @cites = cites($text);
	for my $cite (grep { !$is_known->{ $_->{key} } } @cites) {
		violation($page, $cite->{line}, "docs/sources.def has no source $cite->{key}");
	}
	violation($page, $cites[0]{line}, 'it cites, and has no "<!-- generated: cites -->" at its end')
		if @cites && $text !~ /^<!-- generated: cites -->$/m;
	if ($page =~ m{^user/attacks/(?!TEMPLATE/)} && !cites(($text =~ /^\*\*Sources\.\*\*(.*)/ms)[0] // '')) {
		violation($page, 1, 'its part "**Sources.**" cites no source');
	}
	violation($page, 1, 'an exercise cites where it comes from') if $page =~ m{^docs/exercises/\d} && !@cites;
}

my @rows = -e 'docs/sources.def' ? rows('sources') : ();
my %is_known = map { $_->{key} => 1 } @rows;
my %is_cited;
check_rows(@rows);
for my $page (citing_pages()) {
	my $text = read_source($page);
	looked_at(1);
	check_page($page, $text, \%is_known);
	check_titles($page, $text, @rows);
	$is_cited{ $_->{key} } = 1 for cites($text);
}
for my $row (grep { !$is_cited{ $_->{key} } } @rows) {
	violation('docs/sources.def', $row->{line}, "no page cites $row->{key}");
}
finish();
