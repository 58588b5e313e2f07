//! Matches the rows of a batch to its calls.
//!
//! Each row carries the number of its call, counted from 0, and rows may come in any order. A value at the position of
//! another call would be another recipient's secret, so that a row without a call, or a second row for one call, fails
//! the whole batch.

use super::failure::DatabaseFailure;

/// Returns the value for each call. Fails if a call has no row.
pub(super) fn row_per_call<T>(
    calls: usize,
    rows: impl IntoIterator<Item = Result<(i64, T), DatabaseFailure>>,
) -> Result<Vec<T>, DatabaseFailure> {
    let values = optional_row_per_call(calls, rows)?;
    values
        .into_iter()
        .map(|value| value.ok_or_else(|| DatabaseFailure::invalid_row("a call has no row")))
        .collect()
}

/// Returns the value for each call; `None` for a call without a row.
pub(super) fn optional_row_per_call<T>(
    calls: usize,
    rows: impl IntoIterator<Item = Result<(i64, T), DatabaseFailure>>,
) -> Result<Vec<Option<T>>, DatabaseFailure> {
    let mut values: Vec<Option<T>> = (0..calls).map(|_| None).collect();
    for row in rows {
        let (number, value) = row?;
        let position = usize::try_from(number).ok().and_then(|number| values.get_mut(number));
        let position =
            position.ok_or_else(|| DatabaseFailure::invalid_row("a row has the number of no call"))?;
        if position.replace(value).is_some() {
            return Err(DatabaseFailure::invalid_row("a call has two rows"));
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(calls: usize, rows: &[(i64, char)]) -> Option<Vec<char>> {
        row_per_call(calls, rows.iter().copied().map(Ok)).ok()
    }

    fn matched_optional(calls: usize, rows: &[(i64, char)]) -> Option<Vec<Option<char>>> {
        optional_row_per_call(calls, rows.iter().copied().map(Ok)).ok()
    }

    #[test]
    fn rows_in_any_order_reach_the_calls_of_their_numbers() {
        assert_eq!(matched(3, &[(2, 'c'), (0, 'a'), (1, 'b')]), Some(vec!['a', 'b', 'c']));
        assert_eq!(matched(0, &[]), Some(Vec::new()));
        assert_eq!(matched_optional(3, &[(2, 'c'), (0, 'a')]), Some(vec![Some('a'), None, Some('c')]));
    }

    #[test]
    fn doubled_and_foreign_rows_are_refused() {
        for rows in [
            &[(0, 'a'), (0, 'a'), (1, 'b')][..],
            &[(0, 'a'), (1, 'b'), (1, 'c'), (2, 'd')],
            &[(0, 'a'), (1, 'b'), (3, 'd')],
            &[(-1, 'x'), (0, 'a'), (1, 'b')],
            &[(i64::MIN, 'x')],
        ] {
            assert_eq!(matched(3, rows), None, "{rows:?}");
            assert_eq!(matched_optional(3, rows), None, "{rows:?}");
        }
    }

    #[test]
    fn missing_rows_are_refused_unless_they_are_optional() {
        for rows in [&[(0, 'a'), (2, 'c')][..], &[]] {
            assert_eq!(matched(3, rows), None, "{rows:?}");
            assert!(matched_optional(3, rows).is_some(), "{rows:?}");
        }
    }

    #[test]
    fn unreadable_row_fails_the_whole_batch() {
        let rows = [Ok((0, 'a')), Err(DatabaseFailure::invalid_row("unreadable"))];
        assert_eq!(row_per_call(2, rows), Err(DatabaseFailure::invalid_row("unreadable")));
    }
}
