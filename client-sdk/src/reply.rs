//! What an operation returned, and what the reply said beside it.

use std::ops::Deref;

use crate::rate::RateState;

/// The data of a successful reply. It dereferences to the data.
#[derive(Clone, Debug)]
pub struct Reply<T> {
    data: T,
    trace_id: Option<String>,
    rate: Option<RateState>,
}

impl<T> Reply<T> {
    pub(crate) fn new(data: T, trace_id: Option<String>, rate: Option<RateState>) -> Self {
        Self { data, trace_id, rate }
    }

    /// The data alone.
    pub fn into_inner(self) -> T {
        self.data
    }

    /// The trace id, by which the server's log has more.
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// The rate limit after this request, if the reply stated it.
    pub fn rate(&self) -> Option<RateState> {
        self.rate
    }
}

impl<T> Deref for Reply<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.data
    }
}
