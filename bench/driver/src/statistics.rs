//! The few statistics that the report rests on.

/// The middle value, or the mean of the two in the middle.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    if sorted.is_empty() {
        f64::NAN
    } else if sorted.len() % 2 == 1 {
        sorted[half]
    } else {
        f64::midpoint(sorted[half - 1], sorted[half])
    }
}

/// Half the distance from the least to the greatest value, as a part of the median.
pub fn spread(values: &[f64]) -> f64 {
    let middle = median(values);
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if values.len() < 2 || middle == 0.0 { 0.0 } else { (greatest - least) / 2.0 / middle }
}

/// Each value over the one at its place. Where that is the run of the same turn, what the machine did then is in both.
pub fn quotients(values: &[f64], others: &[f64]) -> Vec<f64> {
    values.iter().zip(others).map(|(value, other)| value / other).collect()
}

/// The geometric mean of ratios; none of no values.
pub fn geometric_mean(ratios: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (sum, count) = ratios.into_iter().fold((0.0, 0), |(sum, count), ratio| (sum + ratio.ln(), count + 1));
    (count > 0).then(|| (sum / f64::from(count)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn spreads() {
        assert_eq!(spread(&[9.0, 10.0, 12.0]), 0.15);
        assert_eq!(spread(&[9.0]), 0.0);
        assert_eq!(spread(&[0.0, 0.0]), 0.0);
    }

    #[test]
    fn quotients_are_of_the_same_turn() {
        assert_eq!(quotients(&[1.0, 4.0], &[2.0, 2.0]), [0.5, 2.0]);
        assert_eq!(quotients(&[1.0, 4.0], &[2.0]), [0.5]);
    }

    #[test]
    fn means_of_ratios() {
        assert!((geometric_mean([0.5, 2.0]).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(geometric_mean([]), None);
    }
}
