# generated: decisive ROOM: the decisive words of kernel/ROOM/decisive.def; without ROOM how many there are of each kind.
use strict;
use warnings;
use Def qw(rows all_rows);
use Page;

my @KINDS = qw(PROTECTED REDERIVED HINT OPEN NONE);

# Attacks are links; so are files in a reason.
sub shown {
	my ($document, $shown) = @_;
	return $shown =~ s{^- ?}{}r =~ s{(\S+/\S+)}{link_to($document, "`$1`", $1)}ger if $shown =~ /^-/;
	return join ', ', map { link_to($document, "`$_`", "user/attacks/$_/README.md") } split ' ', $shown;
}

sub names { return code(split ' ', $_[0]) }

sub line_of {
	my ($document, $row) = @_;
	my ($macro, $text) = @$row{qw(macro text)};
	return ["**struct $row->{name}**, $text", '', $row->{home} =~ /^(?:ORDINARY|STACK)$/ ? lc $row->{home} : code($row->{home}), '', '']
		if $macro eq 'STRUCTURE';
	my $what = $macro eq 'PLACE' ? $row->{name} =~ tr/_/ /r
		: $macro eq 'WORDS' ? names($row->{members})
		: $row->{members} eq '*' ? 'variables of ' . names($row->{file}) : names($row->{members}) . ' of ' . names($row->{file});
	return [$what, $row->{kind}, $row->{writers} eq 'processor' ? '' : names($row->{writers}), shown($document, $row->{shown}), $text];
}

# How many words of each kind, by what they are.
sub summary {
	my %nr;
	for my $row (grep { $_->{kind} } all_rows('decisive', glob('kernel/*/decisive.def kernel/*/*/decisive.def'))) {
		$nr{ $row->{macro} }{ $row->{kind} } += $row->{macro} eq 'PLACE' ? 1 : split ' ', $row->{members};
	}
	my %what = (WORDS => 'members of structures', DATA => 'variables', PLACE => 'other places');
	return table(['', @KINDS], map { my $macro = $_; [$what{$macro}, map { $nr{$macro}{$_} // 0 } @KINDS] } qw(WORDS DATA PLACE));
}

sub {
	my ($document, $room) = @_;
	return summary() unless defined $room;
	return table(['word', 'kind', 'who writes it', 'shown by', 'what another value breaks'],
		map { line_of($document, $_) } rows('decisive', "kernel/$room/decisive.def"));
};
