# Perl: hashes, strings that grow, regular expressions, sorting, closures, evaluated code.
# needs: perl
set -eu

perl -e '
use strict;
use warnings;

my $n = 200_000 * $ENV{SCALE} / 100;
my (%count, @rows);
for my $i (1 .. $n) {
    my $key = sprintf("%x", $i * 2654435761 % 65536);
    $count{$key}++;
    push @rows, [$i, $key x ($i % 4), { id => $i }];
}
print scalar(keys %count), " ", scalar(@rows), "\n";

my $text = join(",", map { $_->[1] } @rows);
(my $swapped = $text) =~ s/([a-f])(\d)/$2$1/g;
my @found = $swapped =~ /\d[a-f]{2}\d/g;
print length($text), " ", scalar(@found), " ", unpack("%32C*", $swapped), "\n";

my @sorted = sort { $a->[1] cmp $b->[1] || $a->[0] <=> $b->[0] } @rows;
print join(" ", map { $_->[0] } @sorted[0 .. 9]), "\n";

my $grown = "";
$grown .= chr(65 + $_ % 26) for 1 .. $n * 5;
print length($grown), " ", substr($grown, -5), "\n";

my $sum = 0;
$sum += eval "my \@x = map { \$_ * $_ } 1 .. 50; scalar(\@x) + $_" for 1 .. $n / 200;
print "$sum\n";
'
