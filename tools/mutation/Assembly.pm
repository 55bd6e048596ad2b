# Where a small fault can be put into an assembly file, in the terms of Operators.pm. Each line of text sections is one
# instruction, or calls a macro.
package Assembly;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = 'assembly_sites';

my $FLUSH = qr/\bcr3\b|invlpg|invpcid|wbinvd|[lms]fence|xchg|swapgs|clac|stac|\bcld\b|CLEAR/;
my $DIRECTIVE = qr/^(?:%|global|extern|section|\[|align|bits|default|d[bwdqt]\b|res[bwdq]\b|times|incbin|__SECT__|FIXUP)/;
my %INVERSE = map { ($_->[0] => $_->[1], $_->[1] => $_->[0]) } map { [split '/'] }
	qw(jz/jnz je/jne jb/jae jc/jnc ja/jbe jl/jge jg/jle js/jns loopz/loopnz cmovz/cmovnz cmove/cmovne sete/setne setz/setnz);
my %BOUND = (jb => 'jbe', jae => 'ja', jbe => 'jb', ja => 'jae');

# { at, text, line } of each instruction; a label or directive between two keeps them apart.
sub instructions {
	my ($text) = @_;
	my ($at, $nr, @found) = (0, 0);
	for my $line (split /^/, $text) {
		$nr++;
		my ($before, $instruction) = $line =~ /^((?:%?%?[.\w]+:)?\s+)([^;\s](?:[^;\n]*[^;\s])?)/;
		my $is_one = defined $instruction && $instruction !~ $DIRECTIVE && $instruction !~ /^\S+\s+(?:equ|d[bwdq])\b/;
		push @found, $is_one ? { at => $at + length $before, text => $instruction, line => $nr } : undef if $line =~ /^[^;\s]|^\s+[^;\s]/;
		$at += length $line;
	}
	return @found;
}

my $FLAGS = qr/^(?:add|sub|adc|sbb|xor|and|or|cmp|test|shl|shr|inc|dec|neg|bt\w*)\b/;
my $REORDERED = qr/^(?:mov|movzx|lea|add|sub|xor|and|or|cmp|test|shl|shr|inc|dec|neg)\b/;

# The registers of an instruction, each by its family: eax and al are a.
sub registers {
	my ($text) = @_;
	return map { (s/^[re]?([abcd])[xlh]$/$1/r) =~ s/^[re]?(si|di|sp|bp)l?$/$1/r =~ s/^(r\d+)[dwb]$/$1/r }
		$text =~ /\b([re]?[abcd]x|[abcd][lh]|[re]?(?:si|di|sp|bp)l?|r\d+[dwb]?|[cd]r\d|[c-gs]s)\b/g;
}

# Is the processor's state another if the two change places?
sub order_matters {
	my @texts = map { $_->{text} } @_;
	my %of_first = map { $_ => 1 } registers($texts[0]);
	return 1 if grep { $_ !~ $REORDERED || /\b(?:cr|dr)\d|\b[c-gs]s\b/ } @texts;
	return (grep { $of_first{$_} } registers($texts[1])) || (grep { /\[/ } @texts) == 2 || (grep { $_ =~ $FLAGS } @texts) == 2;
}

sub of_instruction {
	my ($one, $next) = @_;
	my ($word) = $one->{text} =~ /^(\w+)/ or return ();
	my $site = sub { return { kind => $_[0], at => $one->{at}, line => $one->{line}, from => $one->{text}, to => $_[1] } };
	my @sites = $site->($one->{text} =~ $FLUSH ? 'flush' : 'drop', '');
	push @sites, $site->('negate', $one->{text} =~ s/^\w+/$INVERSE{$word}/r) if $INVERSE{$word};
	push @sites, $site->('bound', $one->{text} =~ s/^\w+/$BOUND{$word}/r) if $BOUND{$word};
	push @sites, $site->('bound', "$one->{text} + 1") if $one->{text} =~ /^(?:cmp|mov|add|sub|shl|shr|and) [^\[]*, *(?:\d\w*|[A-Z][A-Z_]+)(?: \* \d+)?$/;
	push @sites, $site->('rights', $one->{text} =~ s/\b(?:PRESENT|WRITABLE|HUGE|LARGE|NO_EXECUTE|NX)\b/0/r) if $one->{text} =~ /, .*\b(?:PRESENT|WRITABLE|HUGE|LARGE|NO_EXECUTE|NX)\b/;
	return (@sites, $next && $word !~ /^(?:j\w+|ret|iretq|call|loop\w*)$/ && $next->{text} !~ /^(?:j\w+|ret|iretq|loop\w*)\b/
		&& order_matters($one, $next) ? $next : ());
}

sub assembly_sites {
	my ($text) = @_;
	my @all = instructions($text);
	my @sites;
	for my $i (0 .. $#all) {
		next unless $all[$i];
		for my $site (of_instruction($all[$i], $all[$i + 1])) {
			if ($site->{kind}) {
				push @sites, $site;
				next;
			}
			my ($one, $next) = ($all[$i], $site);
			my $end = $next->{at} + length $next->{text};
			my $between = substr $text, $one->{at} + length $one->{text}, $next->{at} - $one->{at} - length $one->{text};
			push @sites, { kind => 'swap', at => $one->{at}, line => $one->{line}, from => substr($text, $one->{at}, $end - $one->{at}),
				to => "$next->{text}$between$one->{text}" };
		}
	}
	return @sites;
}

1;
