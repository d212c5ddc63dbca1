//! Which detection belongs to which track.
//!
//! Written out, because `pathfinding`, the usual crate for it, takes totally ordered weights (so no floats) and brings
//! a library of graph algorithms along.

/// Solves the assignment problem by shortest augmenting paths (the Hungarian method in its O(n^3) form). A greedy
/// choice would do while faces stand apart; in a row of faces that moves by over half its spacing it takes the
/// neighbour's detection. Keeps its memory between calls.
#[derive(Debug, Clone, Default)]
pub(super) struct Assignment {
    row_potential: Vec<f64>,
    column_potential: Vec<f64>,
    /// The row each column is matched to; rows and columns count from 1, 0 is none.
    matched_row: Vec<usize>,
    previous_column: Vec<usize>,
    shortest: Vec<f64>,
    visited: Vec<bool>,
    result: Vec<Option<usize>>,
}

impl Assignment {
    /// The column of every row, so that the sum of `score(row, column)` is the greatest. A pair with a score of 0 or
    /// less stays unmatched.
    pub(super) fn solve(
        &mut self,
        rows: usize,
        columns: usize,
        score: impl Fn(usize, usize) -> f32,
    ) -> &[Option<usize>] {
        // Columns beyond the real ones stand for "no match"; the method needs at least as many columns as rows.
        let width = columns.max(rows);
        let gain = |row: usize, column: usize| {
            if column <= columns { f64::from(score(row - 1, column - 1).max(0.0)) } else { 0.0 }
        };
        refill(&mut self.row_potential, rows + 1, 0.0);
        refill(&mut self.column_potential, width + 1, 0.0);
        refill(&mut self.matched_row, width + 1, 0);
        refill(&mut self.previous_column, width + 1, 0);
        for row in 1..=rows {
            self.matched_row[0] = row;
            refill(&mut self.shortest, width + 1, f64::INFINITY);
            refill(&mut self.visited, width + 1, false);
            let mut column = 0;
            while self.matched_row[column] != 0 {
                column = self.advance(column, width, &gain);
            }
            // Turn the path around: every column on it takes the row of the one before.
            while column != 0 {
                let previous = self.previous_column[column];
                self.matched_row[column] = self.matched_row[previous];
                column = previous;
            }
        }
        refill(&mut self.result, rows, None);
        for column in 1..=columns {
            let row = self.matched_row[column];
            if row != 0 && gain(row, column) > 0.0 {
                self.result[row - 1] = Some(column - 1);
            }
        }
        &self.result
    }

    /// Settles `column` on the tree of shortest paths and returns the nearest column not yet on it.
    fn advance(&mut self, column: usize, width: usize, gain: &impl Fn(usize, usize) -> f64) -> usize {
        self.visited[column] = true;
        let row = self.matched_row[column];
        let (mut nearest, mut step) = (0, f64::INFINITY);
        for next in 1..=width {
            if self.visited[next] {
                continue;
            }
            let cost = -gain(row, next) - self.row_potential[row] - self.column_potential[next];
            if cost < self.shortest[next] {
                self.shortest[next] = cost;
                self.previous_column[next] = column;
            }
            if self.shortest[next] < step {
                (nearest, step) = (next, self.shortest[next]);
            }
        }
        for next in 0..=width {
            if self.visited[next] {
                self.row_potential[self.matched_row[next]] += step;
                self.column_potential[next] -= step;
            } else {
                self.shortest[next] -= step;
            }
        }
        nearest
    }
}

fn refill<T: Clone>(memory: &mut Vec<T>, length: usize, value: T) {
    memory.clear();
    memory.resize(length, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The best sum over all ways to match, by trying them all.
    fn best_by_trial(scores: &[Vec<f32>], row: usize, taken: &mut Vec<bool>) -> f32 {
        if row == scores.len() {
            return 0.0;
        }
        let mut best = best_by_trial(scores, row + 1, taken);
        for column in 0..taken.len() {
            if !taken[column] && scores[row][column] > 0.0 {
                taken[column] = true;
                best = best.max(scores[row][column] + best_by_trial(scores, row + 1, taken));
                taken[column] = false;
            }
        }
        best
    }

    proptest! {
        #[test]
        fn finds_the_best_sum(
            scores in (0usize..=5, 0usize..=5).prop_flat_map(|(rows, columns)| {
                prop::collection::vec(prop::collection::vec(-1.0f32..1.2, columns), rows)
            }),
        ) {
            let rows = scores.len();
            let columns = scores.first().map_or(0, Vec::len);
            let mut assignment = Assignment::default();
            let result = assignment.solve(rows, columns, |row, column| scores[row][column]);
            prop_assert_eq!(result.len(), rows);
            let mut taken = vec![false; columns];
            let mut sum = 0.0;
            for (row, column) in result.iter().enumerate() {
                if let Some(column) = *column {
                    prop_assert!(!std::mem::replace(&mut taken[column], true), "column {} matched twice", column);
                    prop_assert!(scores[row][column] > 0.0);
                    sum += scores[row][column];
                }
            }
            let best = best_by_trial(&scores, 0, &mut vec![false; columns]);
            prop_assert!((sum - best).abs() < 1e-5, "{} instead of {}", sum, best);
        }
    }

    #[test]
    fn memory_of_an_earlier_call_does_not_leak_into_the_next() {
        let mut assignment = Assignment::default();
        assert_eq!(assignment.solve(3, 3, |row, column| if row == column { 1.0 } else { 0.0 }).len(), 3);
        assert_eq!(assignment.solve(1, 2, |_, column| column as f32), [Some(1)]);
        assert_eq!(assignment.solve(0, 2, |_, _| 1.0), []);
        assert_eq!(assignment.solve(2, 0, |_, _| 1.0), [None, None]);
    }
}
