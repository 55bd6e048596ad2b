# generated: commands: the pages of the shell's commands, user/shell/commands.def.
use strict;
use warnings;
use Commands qw(terms_of);
use Def qw(rows);
use Page;

# Lines that stay as they are become code, the others paragraphs.
sub description {
	my ($text) = @_;
	return join "\n", map { s/^(?=\s)/    /r } split /\n/, $text;
}

sub list { return map { "- `$_->[0]`: $_->[1]\n" } terms_of($_[0]) }

sub see {
	my ($document, $text) = @_;
	return join ', ', map { m{/} ? link_to($document, $_, $_) : "[$_](#$_)" } split /, /, $text;
}

sub page {
	my ($document, $command) = @_;
	my $page = "## $command->{name}\n\n$command->{brief}\n\n" .
		"    $command->{name}" . ($command->{usage} ne '' ? " $command->{usage}" : '') . "\n\n" .
		description($command->{description}) . "\n";
	$page .= join '', "\n", list($command->{options}) if $command->{options};
	$page .= join '', "\nExit status:\n\n", list($command->{status});
	$page .= join '', "\nExamples:\n\n", list($command->{examples});
	$page .= "\nSee also " . see($document, $command->{see}) . ".\n" if $command->{see};
	return $page;
}

sub {
	my ($document) = @_;
	return join "\n", map { page($document, $_) } rows('commands');
};
