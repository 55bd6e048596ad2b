# generated: protected: where protected words lie, from kernel/mm/table/protected.def.
use strict;
use warnings;
use Def qw(rows);
use Page;

my %words = (PROTECTED_RANGE => 'addresses', PROTECTED_POOL => 'a pool', PROTECTED_PART => 'a part of the entry area',
	PROTECTED_HIGHER => 'kernel space', PROTECTED_BY_GATE => "the gate's");

sub { return table([qw(home what), 'what it holds'], map { [code($_->{name}), $words{ $_->{macro} }, $_->{text}] } rows('protected')) };
