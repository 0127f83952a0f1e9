//! Numbers in columns, for people.

/// Rows of a name and values, with a heading above each column. Numbers stand to the right.
#[derive(Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn with(name: &str, columns: impl IntoIterator<Item = String>) -> Self {
        let mut table = Table::default();
        table.row(name, columns);
        table
    }

    pub fn row(&mut self, name: &str, values: impl IntoIterator<Item = String>) {
        let name = std::iter::once(name.to_owned());
        self.rows.push(name.chain(values).collect());
    }

    /// A line between what belongs together and what follows.
    pub fn heading(&mut self, text: &str) {
        self.rows.push(vec![format!("\n{text}")]);
    }

    pub fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter(|row| row.len() > 1);
            let widths = cells.filter_map(|row| row.get(column));
            widths.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            for (column, cell) in row.iter().enumerate() {
                let width = widths.get(column).copied().unwrap_or(0);
                text += &match column {
                    0 if row.len() == 1 => cell.clone(),
                    0 => format!("{cell:<width$}"),
                    _ => format!("  {cell:>width$}"),
                };
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }
}

/// Three digits and a unit: `12.3 M`.
pub fn amount(value: f64) -> String {
    let units = [
        (1e12, " T"),
        (1e9, " G"),
        (1e6, " M"),
        (1e3, " k"),
        (1.0, ""),
    ];
    let unit = units.iter().find(|(size, _)| value.abs() >= size * 0.9995);
    match unit {
        Some((size, name)) => digits(value / size, name),
        None if value == 0.0 => "0".into(),
        None => format!("{value:.3}"),
    }
}

fn digits(value: f64, unit: &str) -> String {
    match value.abs() {
        _ if unit.is_empty() && value.fract() == 0.0 => format!("{value:.0}"),
        large if large >= 99.95 => format!("{value:.0}{unit}"),
        middle if middle >= 9.995 => format!("{value:.1}{unit}"),
        _ => format!("{value:.2}{unit}"),
    }
}

pub fn bytes(value: f64) -> String {
    let amount = amount(value);
    match amount.contains(' ') {
        true => format!("{amount}B"),
        false => format!("{amount} B"),
    }
}

/// A time that is given in seconds.
pub fn duration(seconds: f64) -> String {
    match seconds {
        ..1.0 => format!("{:.0} ms", seconds * 1000.0),
        ..120.0 => format!("{seconds:.1} s"),
        ..7200.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.1} h", seconds / 3600.0),
        _ => format!("{:.0} d", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let amounts = [
            0.0,
            0.0001,
            7.0,
            12.34,
            999.96,
            123_456.0,
            43_200_000.0,
            3e9,
        ];
        let texts = amounts.map(amount);
        let expected = [
            "0", "0.000", "7", "12.3", "1.00 k", "123 k", "43.2 M", "3.00 G",
        ];
        assert_eq!(texts, expected);
        assert_eq!([bytes(12.0), bytes(5e6)], ["12 B", "5.00 MB"]);
        let times = [0.05, 3.0, 600.0, 10_000.0, 1e6].map(duration);
        assert_eq!(times, ["50 ms", "3.0 s", "10 min", "2.8 h", "12 d"]);
    }

    #[test]
    fn columns_stand_below_each_other() {
        let mut table = Table::with("", ["10".to_owned(), "1000".to_owned()]);
        table.heading("Requests");
        table.row("GET", ["1".to_owned(), "2".to_owned()]);
        assert_eq!(table.text(), "     10  1000\n\nRequests\nGET   1     2\n");
    }
}
