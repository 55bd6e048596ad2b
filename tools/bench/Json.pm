# Just enough JSON: what the guest's programs print, and what the benchmark tools keep.
package Json;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(json_read json_write);

sub read_value;

sub read_string {
	my ($text) = @_;
	$$text =~ /\G"((?:[^"\\]|\\.)*)"/gc or die "JSON: a string was expected\n";
	my $string = $1;
	$string =~ s/\\u00([0-9a-f]{2})/chr hex $1/ge;
	$string =~ s/\\n/\n/g;
	$string =~ s/\\(["\\\/])/$1/g;
	return $string;
}

sub read_object {
	my ($text) = @_;
	my %object;
	until ($$text =~ /\G\s*\}/gc) {
		$$text =~ /\G[\s,]*/gc;
		my $name = read_string($text);
		$$text =~ /\G\s*:\s*/gc or die "JSON: a colon was expected\n";
		$object{$name} = read_value($text);
	}
	return \%object;
}

sub read_array {
	my ($text) = @_;
	my @array;
	until ($$text =~ /\G\s*\]/gc) {
		$$text =~ /\G[\s,]*/gc;
		push @array, read_value($text);
	}
	return \@array;
}

sub read_value {
	my ($text) = @_;
	$$text =~ /\G\s*/gc;
	return read_object($text) if $$text =~ /\G\{/gc;
	return read_array($text) if $$text =~ /\G\[/gc;
	return $1 + 0 if $$text =~ /\G(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)/gc;
	return $1 eq 'true' ? 1 : $1 eq 'false' ? 0 : undef if $$text =~ /\G(true|false|null)\b/gc;
	return read_string($text);
}

# The value of a text; dies where it is none.
sub json_read {
	my ($text) = @_;
	pos($text) = 0;
	return read_value(\$text);
}

# The text of a value, indented; hashes by sorted name. Numbers are what looks like one.
sub json_write {
	my ($value, $indent) = @_;
	$indent //= '';
	my $deeper = "$indent  ";
	if (ref $value eq 'HASH') {
		my @members = map { "$deeper\"$_\": " . json_write($value->{$_}, $deeper) } sort keys %$value;
		return @members ? "{\n" . join(",\n", @members) . "\n$indent}" : '{}';
	}
	if (ref $value eq 'ARRAY') {
		my @elements = map { $deeper . json_write($_, $deeper) } @$value;
		return @elements ? "[\n" . join(",\n", @elements) . "\n$indent]" : '[]';
	}
	return 'null' unless defined $value;
	return $value if $value =~ /^-?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/;
	$value =~ s/(["\\])/\\$1/g;
	$value =~ s/\n/\\n/g;
	return "\"$value\"";
}

1;
