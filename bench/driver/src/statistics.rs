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

/// The values that are at most three times the median distance from the median away from it: which positions these are.
pub fn without_outliers(values: &[f64]) -> Vec<usize> {
    let middle = median(values);
    let distances: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    let limit = 3.0 * median(&distances);
    (0..values.len()).filter(|&at| distances[at] <= limit).collect()
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
    fn outliers_are_left_out() {
        assert_eq!(without_outliers(&[10.0, 10.1, 30.0, 9.9, 10.2]), [0, 1, 3, 4]);
        assert_eq!(without_outliers(&[5.0, 5.0, 5.0]), [0, 1, 2]);
        assert_eq!(without_outliers(&[7.0]), [0]);
    }

    #[test]
    fn means_of_ratios() {
        assert!((geometric_mean([0.5, 2.0]).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(geometric_mean([]), None);
    }
}
