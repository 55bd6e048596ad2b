# generated: sources KIND: the works of docs/sources.def with the pages that cite each: works, or specifications.
use strict;
use warnings;
use Cites qw(cites citing_pages work_text);
use Def qw(rows);
use Page;

my %MACRO_OF = (works => 'SOURCE', specifications => 'SPECIFICATION');

sub title { return (read_file($_[0]) =~ /\A#\s+([^:\n]+)/)[0] // $_[0] }

# "where year, <id>"; a specification has neither year nor id.
sub where {
	my ($row) = @_;
	my ($when, $id) = ($row->{venue}, $row->{id} // '');
	$when .= ($when eq '' ? '' : $when =~ /[\d)]$|\.\w+$/ ? ', ' : ' ') . $row->{year} if defined $row->{year};
	return join ', ', grep { $_ ne '' } $when, $id =~ /@/ ? "`<$id>`" : $id;
}

sub {
	my ($document, $kind) = @_;
	my $macro = $MACRO_OF{ $kind // '' } // die "gen-docs: sources of what kind? There are: @{[sort keys %MACRO_OF]}\n";
	my %pages;
	for my $page (citing_pages()) {
		my %seen;
		push @{ $pages{$_} }, $page for grep { !$seen{$_}++ } map { $_->{key} } cites(read_file($page));
	}
	return table([qw(key work where), 'cited by'], map {
		["<a id=\"$_->{key}\"></a>`$_->{key}`", work_text($_, '*'), where($_),
			join ', ', map { link_to($document, title($_), $_) } @{ $pages{ $_->{key} } // [] }]
	} grep { $_->{macro} eq $macro } rows('sources'));
};
