# What the texts of user/shell/commands.def are made of.
package Commands;
use strict;
use warnings;
use Exporter qw(import);
our @EXPORT_OK = qw(terms_of);

# The pairs of a list "TERM\tTEXT\n".
sub terms_of { return map { [split /\t/, $_, 2] } split /\n/, $_[0] // '' }

1;
