# The small part of Markdown that the attacks' pages are written in, as HTML: paragraphs, lists, indented and fenced
# code, **strong**, *emphasis*, `code`, [links](to), [citations]; comments and where citations lead are left out.
package Markdown;
use strict;
use warnings;
use Exporter 'import';
use Html qw(h slug);
our @EXPORT_OK = qw(markdown_page);

# Attacks that have a page in the report.
our %is_attack;

# A link stays one where its target is in the report; others become their text, as nothing outside is referred to.
sub link_html {
	my ($text, $target) = @_;
	my ($attack) = $target =~ m{(?:^|/)(\w+)/README\.md$};
	return '<a href="#attack-' . slug($attack) . "\">$text</a>" if defined $attack && $is_attack{$attack};
	return "<cite>$text</cite>";
}

sub markdown_inline {
	my ($text) = @_;
	my @code;
	$text =~ s/`([^`]+)`/push @code, $1; "\x{e000}$#code\x{e001}"/ge;
	$text = h($text);
	$text =~ s/\[([^\]]+)\]\(([^)\s]+)\)/link_html($1, $2)/ge;
	$text =~ s/(?<![\w!\]])\[([a-z][a-z0-9_]*)\]/<cite>$1<\/cite>/g;
	$text =~ s/\*\*(.+?)\*\*/<strong>$1<\/strong>/gs;
	$text =~ s/(?<![\w*])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])/<em>$1<\/em>/g;
	$text =~ s/\x{e000}(\d+)\x{e001}/'<code>' . h($code[$1]) . '<\/code>'/ge;
	return $text;
}

sub list_html {
	my ($tag, $text) = @_;
	my @items = map { '<li>' . markdown_inline($_) . '</li>' } grep { /\S/ } split /^(?:[-*]|\d+\.)\s+/m, $text;
	return "<$tag>" . join('', @items) . "</$tag>";
}

sub block_html {
	my ($block) = @_;
	return '<pre><code>' . h($block =~ s/^ {4}//mgr) . '</code></pre>' if $block =~ /^ {4}/;
	return list_html('ul', $block) if $block =~ /^[-*] /;
	return list_html('ol', $block) if $block =~ /^\d+\. /;
	return '<h4>' . markdown_inline($1) . '</h4>' if $block =~ /^#+ (.*)/;
	return '<p>' . markdown_inline($block) . '</p>';
}

# Blocks are what empty lines part; a fence is made an indented block first, and a list ends the paragraph before it.
sub blocks {
	my ($text) = @_;
	$text =~ s/^<!--.*?-->\n//mgs;
	$text =~ s/^\[\w+\]: \S+\n//mg;
	$text =~ s{^```\w*\n(.*?)^```\s*$}{"\n" . ($1 =~ s/^/    /mgr) . "\n"}msge;
	$text =~ s/^(\S.*)\n(?=(?:-|1\.) )/($1 =~ m{^(?:[-*]|\d+\.) }) ? "$1\n" : "$1\n\n"/mge;
	return grep { /\S/ } split /\n\s*\n/, $text;
}

# A page as { title, intro, sections => [[label, html], ...] }. A section opens with a paragraph "**Label.** text".
# Links to the attacks of that set become links in the report.
sub markdown_page {
	my ($text, $attacks) = @_;
	local %is_attack = %{ $attacks // {} };
	my %page = (title => '', intro => '', sections => []);
	$page{title} = $1 if $text =~ s/\A# (.*)\n//;
	for my $block (blocks($text)) {
		if ($block =~ s/\A\*\*([^*]+?)\.\*\*\s*//) {
			push @{ $page{sections} }, [$1, ''];
			next unless $block =~ /\S/;
		}
		my $target = @{ $page{sections} } ? \$page{sections}[-1][1] : \$page{intro};
		$$target .= block_html($block);
	}
	return \%page;
}

1;
