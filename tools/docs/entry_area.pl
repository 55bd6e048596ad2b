# generated: entry_area: the parts of the entry area and who sees them, from kernel/arch/x86_64/entry/entry_area.def.
use strict;
use warnings;
use Def qw(rows);
use Page;

sub {
	my @rows = map {
		my ($base, $owner, $kernel, $shadow, $text) = @$_{qw(base owner kernel_roots shadow_roots text)};
		[$text, $base eq 'CPU' ? 'per CPU' : 'shared', code($owner), $kernel, $shadow eq 'ABSENT' ? 'absent' : $shadow]
	} rows('entry_area');
	return table(['part', 'whose', 'owner of its frames', 'kernel roots', 'shadow roots'], @rows);
};
