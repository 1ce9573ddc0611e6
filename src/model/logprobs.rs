//! The log-probabilities of an answer's tokens, if the provider reports them.

use serde_json::Value;

/// An answer's tokens, in order, with their log-probabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenLogprobs {
    text: String,
    /// The end of each token in the text, in bytes, and its log-probability.
    tokens: Vec<(usize, f64)>,
}

impl TokenLogprobs {
    /// Reads a choice's `logprobs.content`; `None` if it is absent or empty.
    #[must_use]
    pub fn read(content: &Value) -> Option<Self> {
        let content = content.as_array()?;
        let mut read = Self { text: String::new(), tokens: Vec::with_capacity(content.len()) };
        for token in content {
            // Providers report -9999 for tokens that were nearly impossible.
            let Some(logprob) = token.get("logprob").and_then(Value::as_f64).filter(|n| (-100.0..=0.01).contains(n))
            else {
                continue;
            };
            read.text.push_str(token.get("token").and_then(Value::as_str).unwrap_or_default());
            read.tokens.push((read.text.len(), logprob.min(0.0)));
        }
        (!read.tokens.is_empty()).then_some(read)
    }

    /// The mean over the tokens of a description in the answer, or over all tokens if they do not contain the
    /// description. The tokens around the description, quotes and keys, are nearly certain and would distort the mean.
    #[must_use]
    pub fn mean_of(&self, description: &str) -> Option<f64> {
        let quoted = Value::from(description).to_string();
        let escaped = &quoted[1..quoted.len() - 1];
        let span = [escaped, description].iter().find_map(|text| {
            let start = self.text.find(text).filter(|_| !text.is_empty())?;
            Some(start..start + text.len())
        });
        let Some(span) = span else { return mean(self.tokens.iter().map(|(_, logprob)| *logprob)) };
        let starts = std::iter::once(0).chain(self.tokens.iter().map(|(end, _)| *end));
        let within = starts.zip(&self.tokens).filter(|(start, (end, _))| *start < span.end && *end > span.start);
        mean(within.map(|(_, (_, logprob))| *logprob))
    }
}

#[expect(clippy::cast_precision_loss, reason = "no answer has 2^52 tokens")]
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_usize, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_description_counts_and_not_what_is_around_it() {
        let tokens = [("{\"a\":\"", 0.0), ("The ", -0.2), ("name", -0.4), ("\"}", 0.0)];
        let content: Vec<Value> =
            tokens.iter().map(|(token, logprob)| json!({"token": token, "logprob": logprob})).collect();
        let read = TokenLogprobs::read(&json!(content)).unwrap();
        assert!((read.mean_of("The name").unwrap() + 0.3).abs() < 1e-9);
        assert!((read.mean_of("Other words").unwrap() + 0.15).abs() < 1e-9);
        assert_eq!(TokenLogprobs::read(&json!(null)), None);
    }
}
