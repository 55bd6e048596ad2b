# Text into HTML: whatever comes from data passes through h().
package Html;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(h fill facts slug missing badge glyph outcome_class);

my %ESCAPE = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;', "'" => '&#39;');

# The text as HTML, in content or in a quoted attribute. Control characters, which HTML cannot hold, become U+FFFD.
sub h {
	my ($text) = @_;
	return '' unless defined $text;
	$text =~ s/([&<>"'])/$ESCAPE{$1}/g;
	$text =~ s/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/\x{fffd}/g;
	return $text;
}

# The template with each {{name}} replaced by the HTML of that name.
sub fill {
	my ($template, $values) = @_;
	$template =~ s/\{\{(\w+)\}\}/$values->{$1} \/\/ die "the template wants $1\n"/ge;
	return $template;
}

# A name as a part of an anchor.
sub slug { return $_[0] =~ s/[^A-Za-z0-9_.-]/-/gr }

# The pairs [label, text] as a list.
sub facts {
	my @rows = map { '<div><dt>' . h($_->[0]) . '</dt><dd>' . h($_->[1]) . '</dd></div>' } @_;
	return @rows ? '<dl class="facts">' . join('', @rows) . '</dl>' : '';
}

# What stands where there is no data: which command makes it.
sub missing {
	my ($what, $command) = @_;
	return '<p class="missing">' . h($what) . ' <code>' . h($command) . '</code> makes it.</p>';
}

my %GLYPH = (BREACH => 'breach', FAULT => 'fault', DENIED => 'denied', NOTHING => 'nothing', SKIP => 'skip',
	ERROR => 'error');

sub outcome_class { return $GLYPH{$_[0]} }

sub glyph {
	my ($outcome) = @_;
	return qq(<svg class="g" aria-hidden="true"><use href="#g-$GLYPH{$outcome}"/></svg>);
}

# An outcome as a small label with its sign.
sub badge {
	my ($outcome) = @_;
	return qq(<span class="badge $GLYPH{$outcome}">) . glyph($outcome) . h($outcome) . '</span>';
}

1;
