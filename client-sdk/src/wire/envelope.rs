//! The envelope that a dialect wraps its replies in.

/// A reply within its dialect's envelope.
pub trait Envelope {
    /// What the operation returns on success.
    type Data;

    /// Takes the envelope off.
    fn open(self) -> Opened<Self::Data>;
}

/// A reply without its envelope.
#[derive(Clone, Debug)]
pub struct Opened<T> {
    /// The code.
    pub code: i64,
    /// What the code means.
    pub message: Option<String>,
    /// The trace id, where the envelope has it.
    pub trace_id: Option<String>,
    /// The data; none on most failures.
    pub data: Option<T>,
}

impl<T> Opened<T> {
    /// The same without the data, for replies whose data nobody asks for.
    pub fn without_data(self) -> Opened<()> {
        Opened { code: self.code, message: self.message, trace_id: self.trace_id, data: None }
    }

    /// The same with what `data` makes of the data.
    pub fn map<U>(self, data: impl FnOnce(T) -> U) -> Opened<U> {
        Opened { code: self.code, message: self.message, trace_id: self.trace_id, data: self.data.map(data) }
    }
}

/// A reply whose envelope was taken off already.
impl<T> Envelope for Opened<T> {
    type Data = T;

    fn open(self) -> Self {
        self
    }
}
