//! Who may ask: whoever knows a key, or anyone where there is none.

use std::fmt;
use std::fs;
use std::path::Path;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use subtle::{Choice, ConstantTimeEq};

/// The keys that let a request in.
pub(super) struct Keys(Vec<String>);

impl fmt::Debug for Keys {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

impl Keys {
    /// These keys and those of a file, one a line.
    pub(super) fn new(mut keys: Vec<String>, file: Option<&Path>) -> Result<Self, String> {
        if let Some(file) = file {
            let text = fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            keys.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
            if keys.is_empty() {
                return Err(format!("there is no key in {}", file.display()));
            }
        }
        if keys.iter().any(|key| !is_token(key)) {
            return Err("a key must be printable ASCII without spaces".to_owned());
        }
        Ok(Self(keys))
    }

    pub(super) const fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a request with these headers may come in. Takes as long for a wrong key as for a right one of the same
    /// length, so that nobody finds a key out letter by letter.
    pub(super) fn let_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
        let (scheme, key) = given.split_at_checked("Bearer ".len()).unwrap_or_default();
        let is_known = self.0.iter().fold(Choice::from(0), |known, each| known | each.as_bytes().ct_eq(key));
        self.are_none() || (scheme.eq_ignore_ascii_case(b"Bearer ") && is_known.into())
    }
}

fn is_token(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lets_in(keys: &[&str], header: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(AUTHORIZATION, header.parse().unwrap());
        }
        Keys::new(keys.iter().map(ToString::to_string).collect(), None).unwrap().let_in(&headers)
    }

    #[test]
    fn a_key_opens_and_nothing_else_does() {
        for header in ["Bearer one", "bearer two"] {
            assert!(lets_in(&["one", "two"], Some(header)), "{header}");
        }
        for header in
            [None, Some(""), Some("one"), Some("Bearer "), Some("Bearer on"), Some("Bearer one2"), Some("Basic one")]
        {
            assert!(!lets_in(&["one", "two"], header), "{header:?}");
            assert!(lets_in(&[], header), "{header:?}");
        }
    }

    #[test]
    fn keys_that_no_header_could_carry_are_refused() {
        for key in ["", "two words", "kéy"] {
            assert!(Keys::new(vec![key.to_owned()], None).is_err(), "{key:?}");
        }
    }
}
