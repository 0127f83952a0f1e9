//! What stands at a logarithmic axis.

/// Where the axis has a label: at powers of ten, and at 2 and 5 where these alone were too few.
pub fn marks((low, high): (f64, f64)) -> Vec<f64> {
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let steps: &[f64] = if high / low > 99.0 {
        &[1.0]
    } else {
        &[1.0, 2.0, 5.0]
    };
    decades
        .flat_map(|decade| steps.iter().map(move |step| step * 10f64.powi(decade)))
        .filter(|mark| (low * 0.999..=high * 1.001).contains(mark))
        .collect()
}

/// A number of recordings with a space before each three digits.
pub fn grouped(count: f64) -> String {
    let digits = count.round().to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}
