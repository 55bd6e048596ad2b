# What the first comment of a host test says that it is linked with.
package HostWords;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(host_words);

# A word that ends in .list is the file of more.
sub expand {
	return map { /\.list$/ ? expand(do { local (@ARGV, $/) = ($_); split ' ', <> }) : $_ } @_;
}

# Sources, and flags of the linker, of the test's text.
sub host_words {
	my ($text) = @_;
	return $text =~ m{\A/\*[\s*]*sources:(.*?)\*/}s ? expand(grep { $_ ne '*' } split ' ', $1) : ();
}

1;
