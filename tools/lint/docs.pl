#!/usr/bin/perl
# Documents: every link leads to a file of the tree, and to a heading of it where it names one; every page of docs/ is linked
# from README.md; every attack has a page with the parts that the report is made of, in this order; variants are shown.
use strict;
use warnings;
use FindBin qw($Bin);
use lib $Bin, "$Bin/../lib";
use Cites qw(prose_lines);
use Def qw(rows);
use Lint;

use File::Basename qw(dirname);

my @PARTS = ('What the attacker controls', 'What happens', 'What stops it', 'Try it', 'Sources');

sub prose { return prose_lines(read_source($_[0])) }

# What headings are called in links: lower case, words joined by hyphens; and the places that have a name.
sub anchors {
	my ($path) = @_;
	my $text = read_source($path);
	return $text =~ /<a id="([^"]+)">/g,
		map { lc($_) =~ s/[^\w\s-]//gr =~ s/\s+/-/gr } map { /^#+\s+(.*?)\s*$/ ? $1 : () } split /\n/, $text;
}

# A path without "." and "..", relative to the tree; undef where it leaves the tree.
sub within_tree {
	my ($from, $target) = @_;
	my @parts;
	for my $part (split m{/}, dirname($from) . "/$target") {
		next if $part eq '.' || $part eq '';
		return if $part eq '..' && !@parts;
		$part eq '..' ? pop @parts : push @parts, $part;
	}
	return join '/', @parts;
}

sub check_links {
	my ($path, $linked) = @_;
	my @lines = prose($path);
	for my $i (0 .. $#lines) {
		while ($lines[$i] =~ /\]\(([^)\s]+)[^)]*\)/g) {
			my ($target, $anchor) = split /#/, $1, 2;
			next if $target =~ /^[a-z]+:/;
			my $file = $target eq '' ? $path : within_tree($path, $target);
			if (!defined $file || !-e $file) {
				violation($path, $i + 1, "the link to $target leads nowhere");
			} elsif (defined $anchor && $file =~ /\.md$/ && !grep { $_ eq $anchor } anchors($file)) {
				violation($path, $i + 1, "$file has no heading #$anchor");
			} else {
				$linked->{$path}{$file} = 1;
			}
		}
	}
}

sub check_attack {
	my ($name, $line) = @_;
	my $path = "user/attacks/$name/README.md";
	return violation('user/attacks/attacks.def', $line, "$name has no $path") unless -e $path;
	my $text = read_source($path);
	violation($path, 1, "the title must be \"# $name: ...\"") unless $text =~ /\A# \Q$name\E: \S/;
	my @found = $text =~ /^\*\*([^*]+)\.\*\*/mg;
	my $next = 0;
	for my $part (@PARTS) {
		my ($at) = grep { $found[$_] eq $part } 0 .. $#found;
		if (!defined $at) {
			violation($path, 1, "the part \"**$part.**\" is missing");
		} elsif ($at < $next) {
			violation($path, 1, "\"**$part.**\" must come in the order @{[join ', ', @PARTS]}");
		} else {
			$next = $at;
		}
	}
	violation($path, 1, "\"Try it\" must run `attack $name`") unless $text =~ /attack \Q$name\E'/;
	violation($path, 1, '"Try it" must show how it succeeds ("# BREACH"), or the page say that there is no setting in which it does')
		unless $text =~ /attack \Q$name\E' *# BREACH/ || $text =~ /no setting in which it succeeds/;
}

my %linked;
my @pages = (sources(qr/\.md$/, 'docs', 'user', 'tests', 'tools'), grep { -e } 'README.md');
check_links($_, \%linked) for @pages;
if (-e 'README.md') {
	for my $page (grep { m{^docs/[^/]+\.md$} } @pages) {
		violation($page, 1, 'README.md does not link to this page') unless $linked{'README.md'}{$page};
	}
}
if (-e 'user/attacks/attacks.def') {
	check_attack(@$_{qw(name line)}) for rows('attacks');
}
# A row that is a design says all of it; one that is somebody's says where it was posted; nobody speaks of what was
# published without that.
my @DESIGN = qw(unmapped flushed at_free figures author);
my @MAIL = qw(date message_id patch);
my $PUBLISHED = qr/\bas (?:published|posted)\b|\bversions? \d/i;
sub check_variant {
	my ($row) = @_;
	my $name = "$row->{option}=$row->{value}";
	my $is_design = grep { exists $row->{$_} } @DESIGN, @MAIL;
	my $is_ours = ($row->{author} // '') eq 'ours';
	for my $field ($is_design ? @DESIGN : (), $is_design && !$is_ours ? @MAIL : ()) {
		violation('kernel/abi/variants.def', $row->{line}, "$name has no .$field") unless length($row->{$field} // '');
	}
	violation('kernel/abi/variants.def', $row->{line}, "$name: $row->{message_id} is no Message-ID")
		if ($row->{message_id} // 'a@b') !~ /^[^\s<>@]+@[^\s<>@]+$/;
	violation('kernel/abi/variants.def', $row->{line}, "$name speaks of what was published, without author, date, Message-ID and patch")
		if "@$row{grep { !ref } sort keys %$row}" =~ $PUBLISHED && grep { !length($row->{$_} // '') } 'author', @MAIL;
}
# The help of an option has no fields that could say where something was published.
for my $row (-e 'kernel/abi/options.def' ? rows('options') : ()) {
	violation('kernel/abi/options.def', $row->{line}, "$row->{name} speaks of what was published, which is for variants.def to say")
		if $row->{help} =~ $PUBLISHED;
}
# What a table says of a variant is held against the options only where a document shows it.
if (-e 'kernel/abi/variants.def') {
	my $text = join "\n", map { read_source($_) } @pages;
	my %seen;
	my @rows = rows('variants');
	check_variant($_) for @rows;
	for my $row (grep { !$seen{ $_->{option} }++ } @rows) {
		violation('kernel/abi/variants.def', $row->{line}, "no document has \"generated: variants $row->{option}\"")
			unless $text =~ /^<!-- generated: variants $row->{option} -->$/m;
	}
}
finish();
