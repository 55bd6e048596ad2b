# Where a small fault can be put into a C file of the kernel, and which: {kind, line, at, from, to}, by place in the file.
#
#   drop      a statement is gone
#   flush     so is one that flushes, orders or takes a generation
#   swap      two stores behind one another, whose order the compiler must keep, change places
#   negate    the condition of an if or while, or what a function returns, is the opposite
#   skip      a check never finds anything, or one half of it is gone
#   bound     < is <=, and the like; + 1 or - 1 is gone
#   rights    a right or a bit of a page-table entry is missing, or another
#   success   an error is STATUS_OK
#
# The layout that clang-format gives is relied on: one statement a line, bodies of functions between "{" and "}" in the first column.
package Operators;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(sites KINDS);

use constant KINDS => qw(drop flush swap negate skip bound rights success);

my $FLUSH = qr/flush|invlpg|invpcid|barrier|(?<!de)fence|downgrade|tlb_|catch_up/;
my $CONTROL = qr/^(?:if|while|for|switch|do|else|return|break|continue|goto|case|default)\b|^[{}]|^\w+:$/;
my $DECLARATION = qr/^(?:(?:const|static|struct|enum|union|unsigned|volatile)\s+)*\w+(?:\s+\**|\s*\*+\s*)\w+\s*(?:\[[^;]*\]\s*)*(?:\(|=(?!=)|;|,)/;
# Their absence is no fault of what they look at; or, of hints, no fault at all.
my $NO_FAULT = qr/^(?:assert\w*|static_assert|\(void\)\w+;|unreachable\w*|panic\w*|log_\w+|asid_check_exit|tlb_hw_note_\w+|cpu_relax|__builtin_unreachable)\b/;
my $PURE = qr/(?:pte_make|pte_with|MIN|MAX|align_up|align_down|is_aligned|pa_to_pfn|pfn_to_pa|pfn_add|sizeof|offsetof)/;
my %RIGHTS = (RIGHTS_ABSENT => 'RIGHTS_R', RIGHTS_R => 'RIGHTS_RW', RIGHTS_RX => 'RIGHTS_RW', RIGHTS_RW => 'RIGHTS_R',
	RIGHT_READ => 'RIGHT_WRITE', RIGHT_WRITE => 'RIGHT_READ', RIGHT_EXECUTE => 'RIGHT_WRITE',
	map { ("PTE_$_" => 0) } qw(WRITABLE PRESENT NO_EXECUTE HUGE USER ACCESSED DIRTY COPY PARKED GLOBAL));

# The text with comments, strings and characters blanked, as long as it was.
sub code_of {
	my ($text) = @_;
	my $blank = sub { $_[0] =~ s/[^\n]/ /gr };
	$text =~ s{(/\*.*?\*/|//[^\n]*)}{$blank->($1)}gse;
	$text =~ s{("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')}{'"' . $blank->(substr $1, 2) . '"'}ge;
	$text =~ s{^(#(?:[^\n]*\\\n)*[^\n]*)}{$blank->($1)}gme;
	return $text;
}

# [offset, length] of the bodies of functions.
sub bodies {
	my ($code) = @_;
	my @found;
	while ($code =~ /^\{\n(.*?)^\}/gms) {
		push @found, [$-[1], length $1];
	}
	return @found;
}

# { at, text, indent } of what a body has, up to the ";", "{", "}" or ":" at the end of a line.
sub statements {
	my ($code, $at, $length) = @_;
	my ($last, @found);
	for my $line (split /^/, substr $code, $at, $length) {
		my ($indent, $rest) = $line =~ /^(\t*)(.*)/;
		if ($last) {
			$last->{text} .= $line =~ s/\n\z//r;
		} elsif (length $rest =~ s/\s+//gr) {
			$last = { at => $at + length $indent, text => $rest, indent => length $indent };
		}
		$at += length $line;
		next unless $last;
		if ($last->{text} =~ /[;{}]\s*\z|\w:\s*\z/) {
			$last->{text} =~ s/\s+\z//;
			push @found, $last;
			$last = undef;
		} else {
			$last->{text} .= "\n";
		}
	}
	return @found;
}

# The offset behind the parenthesis that closes the one at this offset.
sub closing {
	my ($code, $at) = @_;
	my $depth = 0;
	pos($code) = $at;
	while ($code =~ /([()])/g) {
		$depth += $1 eq '(' ? 1 : -1;
		return pos $code if !$depth;
	}
	return undef;
}

# The operands of the one && or || that stands outside of parentheses: [offset, length, operator before].
sub operands {
	my ($condition) = @_;
	my ($depth, $start, @found) = (0, 0);
	my %operators;
	while ($condition =~ /([(\[{])|([)\]}])|(\s*(&&|\|\|)\s*)|\?/g) {
		my ($end, $behind, $operator) = ($-[0], $+[0], $4);
		$depth += defined $1 ? 1 : defined $2 ? -1 : 0;
		next if $depth;
		return () if substr($condition, $end, 1) eq '?';
		next unless defined $operator;
		push @found, [$start, $end - $start];
		$start = $behind;
		$operators{$operator} = 1;
	}
	return () unless @found && keys %operators == 1;
	return (@found, [$start, length($condition) - $start]);
}

sub newlines { return "\n" x ($_[0] =~ tr/\n//) }

# Sites of one statement. $text is the file, $next the statement behind it.
sub of_condition {
	my ($text, $code, $statement, $next) = @_;
	return () unless $statement->{text} =~ /^(?:\} )?(?:else )?(if|while) \(/;
	my $is_if = $1 eq 'if';
	my $open = $statement->{at} + $+[0] - 1;
	my $end = closing($code, $open) // return ();
	my $condition = substr $text, $open + 1, $end - $open - 2;
	my @sites = { kind => 'negate', at => $open + 1, from => $condition, to => "!($condition)" };
	push @sites, { kind => 'skip', at => $open + 1, from => $condition, to => "false && ($condition)" }
		if $is_if && $next && $next->{text} =~ /^(?:return|goto|break|continue)\b/;
	my @operands = operands(substr $code, $open + 1, $end - $open - 2);
	for my $i (0 .. $#operands) {
		my ($from, $to) = $i ? ($operands[$i - 1][0] + $operands[$i - 1][1], $operands[$i][0] + $operands[$i][1])
			: (0, $operands[1][0]);
		my $gone = substr $condition, $from, $to - $from;
		push @sites, { kind => 'skip', at => $open + 1 + $from, from => $gone, to => newlines($gone) || ' ' };
	}
	return @sites;
}

sub of_return {
	my ($text, $code, $statement) = @_;
	return () unless $statement->{text} =~ /^return ([^;]*(?:&&|\|\||[!=]=| [<>]=? )[^;]*);/ && $1 !~ /\?/;
	my $value = substr $text, $statement->{at} + $-[1], $+[1] - $-[1];
	return { kind => 'negate', at => $statement->{at} + $-[1], from => $value, to => "!($value)" };
}

sub is_plain {
	my ($statement) = @_;
	return $statement->{text} =~ /;\s*$/ && $statement->{text} !~ $CONTROL && $statement->{text} !~ $DECLARATION
		&& $statement->{text} !~ $NO_FAULT;
}

sub is_store { return is_plain($_[0]) && $_[0]{text} =~ / (?:[-+|&^*]|<<|>>)?= |\+\+;|--;/ }

# What a plain store writes to.
sub target { return $_[0]{text} =~ /^(?:\+\+|--)?(.*?)(?: (?:[-+|&^*]|<<|>>)?= |\+\+;|--;|;\z)/s ? $1 : '' }

# The compiler may change the order of two stores that call nothing and do not read one another: that is the same program.
sub order_matters {
	my ($first, $second) = @_;
	return 1 if grep { ($_->{text} =~ s/\b$PURE\(//gr) =~ /\w\(/ } $first, $second;
	return index($second->{text}, target($first)) >= 0 || index($first->{text}, target($second)) >= 0;
}

sub of_plain {
	my ($text, $code, $statement, $next) = @_;
	return () unless is_plain($statement);
	my $from = substr $text, $statement->{at}, length $statement->{text};
	my @sites = { kind => $from =~ $FLUSH ? 'flush' : 'drop', at => $statement->{at}, from => $from, to => ';' . newlines($from) };
	if ($next && is_store($statement) && is_store($next) && $next->{indent} == $statement->{indent}
			&& order_matters($statement, $next)) {
		my $end = $next->{at} + length $next->{text};
		my $between = substr $text, $statement->{at} + length $from, $next->{at} - $statement->{at} - length $from;
		push @sites, { kind => 'swap', at => $statement->{at}, from => substr($text, $statement->{at}, $end - $statement->{at}),
			to => substr($text, $next->{at}, $end - $next->{at}) . $between . $from };
	}
	return @sites;
}

# Sites of single words and signs.
sub of_words {
	my ($code, $at, $length) = @_;
	my ($body, @sites) = substr $code, $at, $length;
	my $add = sub {
		my ($kind, $from, $to) = @_;
		push @sites, { kind => $kind, at => $at + $-[1], from => $from, to => $to };
	};
	my %other = ('<' => '<=', '<=' => '<', '>' => '>=', '>=' => '>');
	$add->('bound', $1, $other{$1}) while $body =~ /(?<= )([<>]=?)(?= )/g;
	$add->('bound', $1, '') while $body =~ /( [-+] 1)\b(?!\.| <<)/g;
	$add->('rights', $1, $RIGHTS{$1}) while $body =~ /\b(@{[join '|', sort keys %RIGHTS]})\b(?!\s*:)/g;
	$add->('success', $1, 'STATUS_OK') while $body =~ /(?<![!=]= )(?<!case )\b(STATUS_E[A-Z0-9]+)\b(?! [!=]=)/g;
	return @sites;
}

# Not what only an assertion says: without its fault there is none.
sub in_assertion {
	my ($code, $site) = @_;
	my $start = rindex($code, "\n", $site->{at}) + 1;
	my $before = substr $code, $start > 200 ? $start - 200 : 0, $site->{at} - ($start > 200 ? $start - 200 : 0);
	return $before =~ /\b(?:assert\w*|static_assert)\([^;]*\z/;
}

sub sites {
	my ($text) = @_;
	my $code = code_of($text);
	my @sites;
	for my $body (bodies($code)) {
		my @statements = statements($code, @$body);
		for my $i (0 .. $#statements) {
			my @arguments = ($text, $code, @statements[$i, $i + 1]);
			push @sites, of_condition(@arguments), of_return(@arguments), of_plain(@arguments);
		}
		push @sites, of_words($code, @$body);
	}
	@sites = grep { !in_assertion($code, $_) } @sites;
	$_->{line} = 1 + (substr($text, 0, $_->{at}) =~ tr/\n//) for @sites;
	return sort { $a->{at} <=> $b->{at} || $a->{kind} cmp $b->{kind} || $a->{to} cmp $b->{to} } @sites;
}

1;
