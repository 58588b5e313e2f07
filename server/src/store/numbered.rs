//! Matches the rows of a batch to its calls.

use super::failure::DatabaseFailure;

/// Puts the value of each row in the place of the call whose number the row carries, in whatever order the rows come.
///
/// The calls are numbered from 0. Fails unless every call has exactly one row: a value in another call's place would
/// be another recipient's secret.
pub(super) fn by_number<T>(
    calls: usize,
    rows: impl IntoIterator<Item = Result<(i64, T), DatabaseFailure>>,
) -> Result<Vec<T>, DatabaseFailure> {
    let mut places: Vec<Option<T>> = (0..calls).map(|_| None).collect();
    for row in rows {
        let (number, value) = row?;
        let place = usize::try_from(number).ok().and_then(|number| places.get_mut(number));
        let place = place.ok_or_else(|| DatabaseFailure::row("a row has the number of no call"))?;
        if place.replace(value).is_some() {
            return Err(DatabaseFailure::row("a call has two rows"));
        }
    }
    places.into_iter().map(|place| place.ok_or_else(|| DatabaseFailure::row("a call has no row"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(calls: usize, rows: &[(i64, char)]) -> Option<Vec<char>> {
        by_number(calls, rows.iter().copied().map(Ok)).ok()
    }

    #[test]
    fn rows_in_any_order_reach_the_calls_of_their_numbers() {
        assert_eq!(places(3, &[(2, 'c'), (0, 'a'), (1, 'b')]), Some(vec!['a', 'b', 'c']));
        assert_eq!(places(0, &[]), Some(Vec::new()));
    }

    #[test]
    fn doubled_missing_and_foreign_rows_are_refused() {
        for rows in [
            &[(0, 'a'), (0, 'a'), (1, 'b')][..],
            &[(0, 'a'), (1, 'b'), (1, 'c'), (2, 'd')],
            &[(0, 'a'), (2, 'c')],
            &[(0, 'a'), (1, 'b'), (3, 'd')],
            &[(-1, 'x'), (0, 'a'), (1, 'b')],
            &[(i64::MIN, 'x')],
            &[],
        ] {
            assert_eq!(places(3, rows), None, "{rows:?}");
        }
    }

    #[test]
    fn unreadable_row_fails_the_whole_batch() {
        let rows = [Ok((0, 'a')), Err(DatabaseFailure::row("unreadable"))];
        assert_eq!(by_number(2, rows), Err(DatabaseFailure::row("unreadable")));
    }
}
