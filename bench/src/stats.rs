//! Percentiles, medians and spread.

use std::time::Duration;

/// Returns the value below which this part of a sorted list lies: 0.5 for the median.
pub(crate) fn percentile(sorted: &[Duration], part: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index of the list"
    )]
    let index = (sorted.len() as f64 * part) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// Returns the median, the minimum and the maximum.
pub(crate) fn spread(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (Some(minimum), Some(maximum)) = (sorted.first(), sorted.last()) else { return [f64::NAN; 3] };
    let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    [f64::midpoint(low, high), *minimum, *maximum]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_percentiles_are_those_of_the_sorted_list() {
        let near = |actual: [f64; 3], expected: [f64; 3]| {
            actual.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9)
        };
        assert!(near(spread(&[3.0, 1.0, 2.0]), [2.0, 1.0, 3.0]));
        assert!(near(spread(&[1.0, 2.0]), [1.5, 1.0, 2.0]));
        let sorted: Vec<_> = (0..100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&sorted, 0.5), Duration::from_millis(50));
        assert_eq!(percentile(&sorted, 0.99), Duration::from_millis(99));
        assert_eq!(percentile(&sorted, 1.0), Duration::from_millis(99));
    }
}
