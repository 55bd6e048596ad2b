# generated: cites: where the keys that a page cites lead to; Markdown shows nothing of it.
use strict;
use warnings;
use Cites qw(cites);
use Page;
use File::Basename qw(dirname);
use File::Spec;

sub {
	my ($document) = @_;
	my $to = File::Spec->abs2rel('/docs/sources.md', '/' . dirname($document));
	my %keys = map { $_->{key} => 1 } cites(read_file($document));
	die "gen-docs: $document: generated: cites: no source is cited\n" unless %keys;
	return join '', map { "[$_]: $to#$_\n" } sort keys %keys;
};
