# generated: pages: the pages of docs/, by their headings "# TITLE: SUBJECT". First those to begin with, in this order.
use strict;
use warnings;
use Page;

my @FIRST = qw(start-here tutorial attacks your-own-attack exercises commands map report debugging builds xpfo tlb kaiser kaslr pmalloc policy memory
	reading adding-a-variant booting sources);

sub {
	my ($document) = @_;
	my %place = map { $FIRST[$_] => $_ } 0 .. $#FIRST;
	my $name = sub { return $_[0] =~ s{^docs/|/README\.md$|\.md$}{}gr };
	my @pages = sort { ($place{ $name->($a) } // 99) <=> ($place{ $name->($b) } // 99) || $a cmp $b }
		glob('docs/*.md'), glob('docs/*/README.md');
	return table([qw(page subject)], map {
		my ($heading) = read_file($_) =~ /\A#\s+(.*?)\s*$/m or die "gen-docs: $_ begins with no heading\n";
		my ($title, $subject) = $heading =~ /^(.*?):\s+(.*)$/ ? ($1, $2) : ($heading, '');
		[link_to($document, $title, $_), $subject]
	} @pages);
};
